"""The judge: success after the paper's appendix F and a graded reward, from contacts and poses alone."""
