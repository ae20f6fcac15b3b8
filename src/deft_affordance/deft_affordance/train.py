"""Train the prior: `ros2 run deft_affordance train --config twin --data runs/prior_data --out twin.safetensors`.

Paper, appendix D: Adam at 2e-4 with cosine decay, batch 224, 70 epochs; equation 1. The state is saved after each epoch
(`--state`), and `--resume` goes on from it with the same shuffles and augmentations. On a GPU where there is one; on
several: `torchrun --nproc-per-node 8 -m deft_affordance.train --config paper --precision bf16 --data ... --out ...`.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from deft_affordance.batches import Batches, wrist_labels
from deft_affordance.checkpoint import TextInput, add_naming, load_prior, save_prior
from deft_affordance.compute import DEVICES, PRECISIONS, Compute, chosen
from deft_affordance.config import ModelConfig, PriorConfig, load_config
from deft_affordance.data.instructions import all_texts
from deft_affordance.data.shards import Samples, read_samples
from deft_affordance.model import AffordanceModel
from deft_affordance.placing import fit_contact_map
from deft_affordance.progress import bar
from deft_affordance.teach_names import naming_of
from deft_affordance.trainer import Trainer
from deft_affordance.training_state import beside, read_state, refuse_unfinished, write_state
from deft_core.errors import DeftError
from deft_vision.checkpoints import load_into, r3m_state, require_file, torchvision_state
from deft_vision.errors import VisionError
from deft_vision.text import WordTokenizer, build_vocabulary


def make_model(
    config: PriorConfig, vocabulary: list[str], train: Samples, visual_checkpoint: str | None
) -> AffordanceModel:
    """A fresh model; published visual weights, and outputs centred on the labels, where the configuration says so."""
    model = AffordanceModel(config.model, WordTokenizer(vocabulary).size)
    if config.model.visual != "scratch":
        path = require_file(config.model.visual, visual_checkpoint)
        state = r3m_state(path) if config.model.visual == "r3m" else torchvision_state(path)
        load_into(model.visual, state, f"{config.model.visual} ({path})")
    if config.train.centred_outputs:
        mean = np.concatenate([wrist_labels(train, config.train).mean(axis=0), train["mano"].mean(axis=0)])
        model.mean_output.copy_(torch.from_numpy(mean))
    return model


def main(argv: list[str] | None = None) -> None:
    """Train and write a checkpoint."""
    parser = argparse.ArgumentParser(prog="train", description="Train the prior f(crop, text).")
    parser.add_argument("--config", default="twin", help="twin, paper, or a YAML file")
    parser.add_argument("--data", type=Path, required=True, help="folder made by `generate`")
    parser.add_argument("--out", type=Path, required=True, help="checkpoint to write (.safetensors)")
    parser.add_argument("--state", type=Path, help="training state (default: beside --out)")
    parser.add_argument("--resume", action="store_true", help="go on from --state, which must be there")
    parser.add_argument("--epochs", type=int, help="instead of the configuration's")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--visual-checkpoint", help="published visual weights, where the configuration names some")
    parser.add_argument(
        "--clip-checkpoint",
        help="CLIP weights, where the configuration uses CLIP text; of another training than OpenAI's with its "
        "open_clip_config.json beside them",
    )
    parser.add_argument("--threads", type=int, help="CPU threads of torch (default: torch's choice)")
    parser.add_argument("--tensorboard", type=Path, help="folder for TensorBoard logs (needs tensorboard)")
    parser.add_argument("--device", choices=DEVICES, default="auto", help="auto: a GPU where there is one")
    parser.add_argument("--precision", choices=PRECISIONS, default="float32", help="bf16: the network in bfloat16")
    parser.add_argument("--compile", action="store_true", help="torch.compile: slow to start, faster after")
    args = parser.parse_args(argv)
    try:
        _train(args)
    except (DeftError, VisionError, OSError) as error:
        sys.exit(f"train: {error}")


def _train(args: argparse.Namespace) -> None:
    config = load_config(args.config)
    _check(args, config.model)
    if args.threads is not None:
        torch.set_num_threads(args.threads)
    if args.epochs is not None:
        config = config.model_copy(update={"train": config.train.model_copy(update={"epochs": args.epochs})})
    with chosen(args.device, args.precision, args.compile, config.train.batch) as compute:
        _run(args, config, compute)


def _check(args: argparse.Namespace, model: ModelConfig) -> None:
    """Raise DeftError for what would end in hours, or would be left aside without a word."""
    for name, least in (("epochs", 1), ("threads", 1), ("seed", 0)):
        value = getattr(args, name)
        if value is not None and not least <= value < 2**31:
            raise DeftError(f"--{name} {value}: at least {least} and below 2^31")
    if args.out.is_dir():
        raise DeftError(f"--out {args.out} is a folder; name the checkpoint, such as {args.out / 'prior.safetensors'}")
    if args.visual_checkpoint and model.visual == "scratch":
        raise DeftError("--visual-checkpoint: this configuration's visual is scratch; make it r3m or resnet18")
    if args.clip_checkpoint and model.text != "clip":
        raise DeftError(f"--clip-checkpoint: this configuration's text is {model.text}; make it clip")


def _run(args: argparse.Namespace, config: PriorConfig, compute: Compute) -> None:
    samples, data_hash = read_samples(args.data, config.model.image_size)
    train = samples.split(config.train.held_out)[0]
    del samples  # at the paper's size 11.5 GB, in each process
    said = {*all_texts(), *(str(text) for text in train["text"])}  # other people's videos hold words of their own
    vocabulary = build_vocabulary(said) if config.model.text == "words" else []
    torch.manual_seed(args.seed)
    model = make_model(config, vocabulary, train, args.visual_checkpoint)
    batches = Batches.of(train, TextInput(config, vocabulary, args.clip_checkpoint), config.train)
    trainer = Trainer(model, batches, config, args.seed, compute, data_hash)
    state_path = args.state or beside(args.out)
    if args.resume:
        trainer.restore(read_state(state_path))
    else:
        refuse_unfinished(state_path)
    writer = _tensorboard(args.tensorboard) if compute.leads else None
    contact = train["contact_in_wrist"].mean(axis=0)
    started, begun = time.monotonic(), trainer.epoch
    epochs = config.train.epochs
    done = bar(total=epochs, initial=trainer.epoch, unit="epoch", silent=not compute.leads)
    while trainer.epoch < epochs:
        value = trainer.run_epoch()
        if not compute.leads:
            continue
        write_state(state_path, trainer.state())
        done.set_postfix(loss=f"{value:.4f}", refresh=False)
        done.update()
        if writer is not None:
            writer.add_scalar("loss/train", value, trainer.epoch)
    done.close()
    if not compute.leads:
        return
    spent = time.monotonic() - started
    contact_map = fit_contact_map(train["mano_true"], train["contact_in_wrist"])
    save_prior(args.out, model.eval().cpu(), config, vocabulary, contact, data_hash, contact_map)
    if len(np.unique(train["kind"])) > 1:
        add_naming(args.out, naming_of(load_prior(args.out), train), args.out)
    size = args.out.stat().st_size / 1e6
    print(
        f"{args.out}: {len(train)} samples, {trainer.epoch} epochs, loss {trainer.history[-1]:.4f}, "
        f"{spent:.0f} s, {(trainer.epoch - begun) * trainer.steps() * config.train.batch / max(spent, 1e-9):.0f} "
        f"samples/s on {compute.world} x {compute.device.type}, {size:.1f} MB"
    )


def _tensorboard(folder: Path | None) -> Any:
    if folder is None:
        return None
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise DeftError("--tensorboard needs tensorboard: pip install 'deft-affordance[tensorboard]'") from error
    return SummaryWriter(str(folder))


if __name__ == "__main__":
    main()
