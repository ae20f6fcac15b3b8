"""Demonstrations: metric displacements out of depth and tracked poses, and the two that ship."""

import json
import pickle

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from deft_affordance.extract_demo import DemonstrationUnusable, extract, grasp_frame, main, wrist_track
from deft_affordance.video.detectors.protocols import FROM_OPENPOSE
from deft_core.clip import HandTrack, RGBDClip
from deft_core.demonstration import load_demonstration
from deft_core.geometry import apply, inverse, rotation_angle, transform
from deft_core.mano import SEGMENT_RADIUS_M, hand_points
from deft_core.workcell import load_workcell
from deft_core.wrist import R_NOMINAL
from deft_sim.human.hand_model import mano_pose, posture

K = np.array([[307.0, 0, 159.5], [0, 307.0, 119.5], [0, 0, 1]])
FLESH = np.concatenate([[0.02], np.array(list(SEGMENT_RADIUS_M.values())).ravel(),
                        np.array(list(SEGMENT_RADIUS_M.values()))[:, 2]])  # fmt: skip
FINGERS = ("index", "middle", "ring", "pinky")


def motion(frames=100):
    """Reach, close (frames 10 to 20), then lift 15 cm while turning 0.8 rad about z, from frame 25 on."""
    poses, hands = [], []
    for k in range(frames):
        closed = np.clip((k - 10) / 10, 0, 1)
        s = np.clip((k - 25) / 70, 0, 1)
        R = Rotation.from_rotvec([0, 0, 0.8 * s]).as_matrix() @ R_NOMINAL
        poses.append(transform(R, [0.45, -0.05, 0.08 + 0.15 * s]))
        hands.append(mano_pose(posture(**{f"{f}{j}_bend": 0.8 * closed for f in FINGERS for j in range(3)})))
    return np.array(poses), np.array(hands)


@pytest.fixture(scope="module")
def recorded():
    """A clip whose depth shows a flesh-deep surface over each point of the hand, and its exact track."""
    T_base_camera = load_workcell("twin").camera.T_base_camera
    poses, hands = motion()
    depth = np.zeros((len(poses), 240, 320), np.uint16)
    mano, keypoints = [], []
    for k, (T, pose) in enumerate(zip(poses, hands, strict=True)):
        T_camera_wrist = inverse(T_base_camera) @ T
        points = apply(T_camera_wrist, hand_points(pose))
        uv = points @ K.T
        uv = uv[:, :2] / uv[:, 2:]
        for i in np.argsort(-points[:, 2]):
            u, v = np.rint(uv[i]).astype(int)
            depth[k, max(v - 2, 0) : v + 3, max(u - 2, 0) : u + 3] = round(1000 * (points[i, 2] - FLESH[i]))
        mano.append(np.concatenate([Rotation.from_matrix(T_camera_wrist[:3, :3]).as_rotvec(), pose]))
        keypoints.append(uv)
    color = np.zeros((len(poses), 240, 320, 3), np.uint8)
    clip = RGBDClip(color, depth, np.arange(len(poses)) / 15.0, K, T_base_camera)
    return clip, HandTrack(np.array(mano), np.array(keypoints), "right"), poses


def test_the_wrist_is_found_in_metres(recorded):
    clip, track, poses = recorded
    found = wrist_track(clip, track)
    assert np.abs(found[:, :3, 3] - poses[:, :3, 3]).max() < 0.008
    assert max(rotation_angle(a[:3, :3].T @ b[:3, :3]) for a, b in zip(found, poses, strict=True)) < 0.02


def test_forty_displacements_repeat_the_motion(recorded):
    clip, track, poses = recorded
    found = wrist_track(clip, track)
    grasp = grasp_frame(found, track.mano)
    assert 20 <= grasp <= 31
    demonstration = extract(clip, track, "pick_cup", "test", "a" * 64)
    replayed = demonstration.wrist_poses(poses[grasp])
    last = len(poses) - 1  # the lift ends at frame 95: forty steps of one frame each would have lost a third of it
    assert (last - grasp) % 40
    np.testing.assert_allclose(replayed[-1][:3, 3], poses[last][:3, 3], atol=0.008)
    assert rotation_angle(replayed[-1][:3, :3].T @ poses[last][:3, :3]) < 0.03
    assert demonstration.dt_s == pytest.approx((last - grasp) / 40 / 15)
    np.testing.assert_allclose(np.sum(demonstration.translations_m, axis=0)[2], 0.15 * (95 - grasp) / 70, atol=0.01)
    some = extract(clip, track, "pick_cup", "test", "a" * 64, grasp=grasp, stride=1)
    assert some.dt_s == pytest.approx(1 / 15)
    np.testing.assert_allclose(some.wrist_poses(poses[grasp])[-1][:3, 3], poses[grasp + 40][:3, 3], atol=0.008)


def test_some_lost_frames_do_not_matter(recorded):
    clip, track, poses = recorded
    mano, keypoints = track.mano.copy(), track.keypoints_px.copy()
    mano[40:43], keypoints[60:62] = np.nan, np.nan
    found = wrist_track(clip, HandTrack(mano, keypoints, "right"))
    assert np.abs(found[:, :3, 3] - poses[:, :3, 3]).max() < 0.01


def test_unusable_clips_say_why(recorded):
    clip, track, poses = recorded
    with pytest.raises(DemonstrationUnusable, match="left hand"):
        extract(clip, HandTrack(track.mano, track.keypoints_px, "left"), "pick_cup", "x", "a" * 64)
    with pytest.raises(DemonstrationUnusable, match="100 frames, the pose file 90"):
        extract(clip, HandTrack(track.mano[:90], track.keypoints_px[:90], "right"), "pick_cup", "x", "a" * 64)
    with pytest.raises(DemonstrationUnusable, match="seen well in only 0"):
        blind = RGBDClip(clip.color, np.zeros_like(clip.depth_mm), clip.stamps_s, clip.K, clip.T_base_camera)
        extract(blind, track, "pick_cup", "x", "a" * 64)
    with pytest.raises(DemonstrationUnusable, match="of 4 frames after frame 24 do not fit in a clip of 100"):
        extract(clip, track, "pick_cup", "x", "a" * 64, grasp=24, stride=4)
    for grasp in (-1, 60):
        with pytest.raises(DemonstrationUnusable, match=f"after frame {grasp} do not fit"):
            extract(clip, track, "pick_cup", "x", "a" * 64, grasp=grasp)
    for smooth in (1, 8, 101):
        with pytest.raises(DemonstrationUnusable, match="window is odd"):
            wrist_track(clip, track, smooth)
    with pytest.raises(DemonstrationUnusable, match="fingers close by only"):
        grasp_frame(poses, np.repeat(track.mano[:1], 100, axis=0))
    with pytest.raises(DemonstrationUnusable, match="does not move after the grasp"):
        grasp_frame(np.repeat(poses[:1], 100, axis=0), track.mano)


def test_a_wider_window_takes_out_more_of_the_trackers_noise(recorded):
    clip, track, poses = recorded
    shaken = track.keypoints_px + np.random.default_rng(0).normal(size=(len(poses), 1, 2)) * 4.0
    noisy = HandTrack(track.mano, shaken, "right")
    narrow, wide = (
        np.linalg.norm((wrist_track(clip, noisy, smooth) - poses)[20:-20, :3, 3], axis=1).mean() for smooth in (9, 21)
    )
    assert wide < 0.8 * narrow


def test_command_round_trips_through_files(recorded, tmp_path, capsys):
    clip, track, _ = recorded
    clip.save(tmp_path / "clip.npz")
    track.save(tmp_path / "poses.npz")
    out = tmp_path / "pick_cup.json"
    main([str(tmp_path / "clip.npz"), str(tmp_path / "poses.npz"), "--out", str(out)])
    assert "wrist moves" in capsys.readouterr().out
    assert load_demonstration(str(out)).task == "pick_cup" and out.with_suffix(".jpg").is_file()
    assert len(json.loads(out.read_text())["clip_sha256"]) == 64


SPOILT = {
    "of no shape": {"color": np.uint8(1)},
    "grey": {"color": np.zeros((100, 240, 320, 1), np.uint8)},
    "no focal length": {"K": np.zeros((3, 3))},
    "mirrored": {"T_base_camera": np.diag([1.0, 1.0, -1.0, 1.0])},
    "transposed": {"T_base_camera": transform(np.eye(3), [0.1, 0.2, 0.7]).T},
    "stamps in milliseconds": {"stamps_s": np.arange(100) / 0.015},
}


@pytest.mark.parametrize("spoilt", ["broken", "a flipped byte", "one array", *SPOILT, "of words"])
def test_spoilt_files_are_one_line(recorded, tmp_path, spoilt):
    clip, track, _ = recorded
    path, poses = tmp_path / "clip.npz", tmp_path / "poses.npz"
    clip.save(path)
    track.save(poses)
    if spoilt == "broken":
        path.write_bytes(b"PK\x03\x04 broken")
    elif spoilt == "a flipped byte":
        content = bytearray(path.read_bytes())
        content[59] ^= 0xFF  # the first of the compressed ones
        path.write_bytes(content)
    elif spoilt == "one array":
        with path.open("wb") as file:
            np.save(file, np.zeros(3))
    elif spoilt in SPOILT:
        np.savez(path, **vars(clip) | SPOILT[spoilt])
    else:
        np.savez(poses, **vars(track) | {"mano": np.full(track.mano.shape, "a")})
    with pytest.raises(SystemExit, match=r"extract_demo: .*(clip|poses)\.npz: "):
        main([str(path), str(poses), "--out", str(tmp_path / "pick_cup.json")])


@pytest.mark.parametrize("first", [1, 0])  # run on images, or on a video
def test_frankmocap_s_output_folder_serves_as_poses(recorded, tmp_path, capsys, first):
    clip, track, _ = recorded
    clip.save(tmp_path / "clip.npz")
    mean = np.linspace(-0.2, 0.2, 45)
    np.save(tmp_path / "mean.npy", mean)
    folder = tmp_path / "mocap_out" / "mocap"
    folder.mkdir(parents=True)
    for k in range(len(clip.color)):
        points = np.zeros((21, 3), np.float32)
        points[FROM_OPENPOSE, :2] = track.keypoints_px[k]
        pose = np.concatenate([track.mano[k, :3], track.mano[k, 3:] - mean])[None].astype(np.float32)
        hand = None if k % 9 == 4 else {"pred_hand_pose": pose, "pred_joints_img": points}  # now and then it saw none
        content = {"pred_output_list": [{"left_hand": {}, "right_hand": hand or {}}]}
        (folder / f"{k + first:05d}_prediction_result.pkl").write_bytes(pickle.dumps(content))
    out = tmp_path / "pick_cup.json"
    command = [str(tmp_path / "clip.npz"), str(folder.parent), "--out", str(out)]
    with pytest.raises(SystemExit, match="--mano-mean"):
        main(command)
    main([*command, "--mano-mean", str(tmp_path / "mean.npy")])
    whole = extract(clip, track, "pick_cup", "x", "a" * 64)
    found = load_demonstration(str(out))
    np.testing.assert_allclose(
        np.sum(found.translations_m, axis=0), np.sum(whole.translations_m, axis=0), rtol=0, atol=0.01
    )
    (tmp_path / "empty").mkdir()
    with pytest.raises(SystemExit, match="--save_pred_pkl"):
        main([command[0], str(tmp_path / "empty"), *command[2:], "--mano-mean", str(tmp_path / "mean.npy")])


def test_shipped_demonstrations_lift_and_pour():
    pick, pour = load_demonstration("pick_cup"), load_demonstration("pour_cup")
    for demonstration in (pick, pour):
        start = transform(Rotation.from_rotvec(demonstration.grasp_rotvec).as_matrix(), [0.5, 0, 0.1])
        poses = demonstration.wrist_poses(start)
        assert 0.13 < poses[-1][2, 3] - 0.1 < 0.22 and poses[:, 2, 3].max() > 0.24
        assert np.abs(poses[:, :2, 3] - start[:2, 3]).max() < 0.06
        # What was upright in the hand at the grasp, after the motion:
        up = (poses[-1][:3, :3] @ start[:3, :3].T) @ np.array([0, 0, 1.0])
        assert up[2] > 0.9 if demonstration is pick else up[2] < np.cos(np.radians(115))
