"""For people: watch the living twin in a window, or as films of its episodes."""
