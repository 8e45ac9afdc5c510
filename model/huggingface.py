"""Any causal language model of transformers, in four bits, with LoRA adapters: candidates over one cached prefix, closed sets.

Weights are read from safetensors only and no code of a repository is run. A folder of PEFT names its own base.

A scene is played in the plain script layout of `agents.prompts`, without a template, LDCC too: its adapter learns the
lines in that layout (rows of kind `turns` in `training.dataset`). A request for a whole script (rows of kind `template`)
stands in `model.template`'s; `HuggingFaceModel.chain` puts it there, once.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import threading
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import PrivateAttr

from model.base import Completion, OnToken, Proposal, Sampling, Scores, StageModel
from model.prefix import BUDGET, PrefixCache, check_keys_and_values
from model.repository import ADAPTER_WEIGHTS, Source, adapter_folder, check_base, named, out_of_memory, source
from model.weights import sha256_of
from transcript.errors import ModelError

if TYPE_CHECKING:
    from model.chain import DramaPipeline

_EXTRA = ("torch", "transformers", "accelerate", "bitsandbytes", "peft", "safetensors", "langchain_huggingface")
_KOREAN = "민수:  ㅋㅋ 아니, 그게… “괜찮아?” 3시 반이야!\n지은(울먹이며): 몰라요ㅠㅠ 뷁. 왜 그랬어 ~ "


def precision(stored: Any = None) -> Any:
    """Return the type that products are in, and the weights that are not in four bits.

    bf16 on a GPU that has it, fp16 on an older one; on a CPU fp32, or bf16 where the file holds half that (`stored`).
    """
    import torch

    if torch.cuda.is_available():
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    return torch.bfloat16 if stored in (torch.float16, torch.bfloat16) else torch.float32


def four_bits(stored: Any = None) -> Any:
    """Return how weights are read in four bits: NF4 with double quantisation (arXiv:2305.14314), products in `precision`."""
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=precision(stored),
    )


@dataclass
class _Weights:
    """What all views of one model share.

    `adapters` are their hashes by name, `voices` names of adapters by role; `lock` is held while one is switched on.
    """

    name: str
    found: Source
    digest: str
    model: Any
    tokenizer: Any
    prefixes: PrefixCache
    peft: Any = None
    adapters: dict[str, str] = field(default_factory=dict)
    voices: dict[str, str] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)


class HuggingFaceModel(StageModel):
    """The runtime behind `ldcc` and `hf:PATH_OR_ID`: a view of weights, through one of their adapters or through none."""

    _shared: Any = PrivateAttr(default=None)
    _adapter: str = PrivateAttr(default="")

    @staticmethod
    def load(name: str, voices: Mapping[str, str] | None = None) -> HuggingFaceModel:
        """Load a folder, a hub's `ID` or `ID@REVISION`, or an adapter with its base; raises ModelError with the remedy.

        `voices` are adapters by the role that speaks through each (see `voice`); one that several have is loaded once.

        LDCC's commit is not written here: it could not be looked up where this was written, and a made-up one would be
        worse than none. Name it (`ldcc@COMMIT`) to pin it; without, the first download does (see `model.repository`),
        and the transcript names the commit that was played.
        """
        missing = next((part for part in _EXTRA if importlib.util.find_spec(part) is None), None)
        if missing:
            raise ModelError(f"hf:{name}: {missing} is not installed; run: pip install 'daebon[hf]'")
        from transformers import AutoTokenizer
        from transformers.utils import logging as notices

        logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
        notices.set_verbosity_error()
        notices.disable_progress_bar()
        with named(f"hf:{name}"):
            found = source(name)
            tokenizer = AutoTokenizer.from_pretrained(found.base, trust_remote_code=False)
            check_korean(tokenizer, f"hf:{name}")
            model = _loaded(found.base)
            check_keys_and_values(model, f"hf:{name}")
            made = HuggingFaceModel(sha256=found.digest)
            made._shared = _Weights(name, found, made.sha256, model, tokenizer, PrefixCache(model, _budget()))
        if found.adapter is not None:
            made.add_adapter("default", found.adapter)
            made = made.using("default")
        loaded: dict[str, str] = {}
        for role, adapter in (voices or {}).items():
            if adapter not in loaded:
                loaded[adapter] = f"of {role}".replace(".", "·")  # torch takes no dot in a name
                made.add_adapter(loaded[adapter], os.path.expanduser(adapter))
            made._shared.voices[role] = loaded[adapter]
        return made

    @property
    def _llm_type(self) -> str:
        return "daebon-transformers"

    def close(self) -> None:
        """Let go of the weights, for all views."""
        self._shared.model = self._shared.peft = self._shared.tokenizer = self._shared.prefixes = None

    @property
    def adapters(self) -> tuple[str, ...]:
        """The names of the adapters that are loaded; one that came with the model is `default`."""
        return tuple(self._shared.adapters)

    def using(self, adapter: str) -> HuggingFaceModel:
        """Return a view of the same weights and prefixes through another adapter, "" for none; raises ModelError.

        Views may be used in turn and from several threads: each call switches its adapter on, one call at a time.
        """
        self._check_loaded(adapter)
        view = HuggingFaceModel(sha256=self.sha256, adapter_sha256=self._shared.adapters.get(adapter, ""))
        view._shared, view._adapter = self._shared, adapter
        return view

    def voice(self, role: str) -> HuggingFaceModel:
        """Return the view through the adapter of a role, which is this view where it has none of its own."""
        adapter = self._shared.voices.get(role)
        return self.using(adapter) if adapter else self

    def add_adapter(self, name: str, folder: Path | str) -> None:
        """Load a LoRA adapter, in place of the one of that name where there is one; raises ModelError, and keeps that one.

        `folder` is one of PEFT or a run of `daebon train`. Take a new view of it with `using`.
        """
        from peft import PeftModel

        shared, place = self._shared, f"adapter {name!r} ({folder})"
        with shared.lock, named(place), warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of transformers, about a word that peft uses
            found = adapter_folder(folder)
            if found is None:
                raise ModelError(f"{place}: is no PEFT adapter; give the folder that `daebon train sft` wrote")
            check_base(found, shared.found, shared.digest, shared.model, place)
            if name in shared.adapters:
                self.remove_adapter(name)
            if shared.peft is None:  # puts its layers into the model itself
                shared.peft = PeftModel.from_pretrained(shared.model, found, adapter_name=name)
            else:
                shared.peft.load_adapter(found, adapter_name=name)
            shared.model.eval()
            shared.adapters[name] = sha256_of(found / ADAPTER_WEIGHTS)

    def remove_adapter(self, name: str) -> None:
        """Let go of an adapter and of what was read through it; raises ModelError when there is none of that name."""
        self._check_loaded(name)
        shared = self._shared
        with shared.lock:
            del shared.adapters[name]
            if shared.adapters:
                shared.peft.set_adapter(next(iter(shared.adapters)), inference_mode=True)
                shared.peft.delete_adapter(name)
            else:
                shared.peft.unload()
                shared.peft = None
            shared.prefixes.forget(name)

    def chain(self, *, template: bool = True) -> DramaPipeline:
        """Return this view for the rest of LangChain: text in, text out, each request in LDCC's template unless not wanted."""
        from model.chain import chained

        return chained(self, template=template)

    @contextmanager
    def active(self) -> Iterator[Any]:
        """Yield the weights with this view's adapter switched on, for one call at a time; memory that runs out is named.

        Every use of the weights goes through here.
        """
        import torch

        shared = self._shared
        with shared.lock, ExitStack() as stack:
            self._check_loaded(self._adapter)
            if self._adapter:
                shared.peft.set_adapter(self._adapter, inference_mode=True)
            elif shared.peft:
                stack.enter_context(shared.peft.disable_adapter())
            stack.enter_context(torch.no_grad())
            try:
                yield shared
            except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
                if not out_of_memory(error):
                    raise
                shared.prefixes.forget()
                raise ModelError(
                    f"hf:{shared.name}: memory ran out in the middle of a call; close other programs, or play with fewer "
                    "--candidates, a shorter scene or a smaller model"
                ) from error

    def propose(
        self,
        prompt: str,
        n: int,
        *,
        seed: int,
        sampling: Sampling,
        stop: Sequence[str] = (),
        on_token: OnToken | None = None,
    ) -> Proposal:
        """Draw candidates in one batch; see StageModel. DRY is not to be had in transformers and is left out."""
        import torch

        from model.generation import Listener, fanned

        started = time.perf_counter()
        with self.active() as shared, torch.random.fork_rng():
            heard = self._ids(prompt)
            cache, read = shared.prefixes.read(heard, self._adapter)
            ids = torch.tensor([heard] * n, device=shared.model.device)
            ear = Listener(shared.tokenizer, heard, n, ends=self._ends(), stop=stop, on_token=on_token)
            torch.manual_seed(seed & 0x7FFFFFFF)
            found = shared.model.generate(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                do_sample=sampling.temperature > 0,
                temperature=sampling.temperature or None,
                top_k=0,
                top_p=sampling.top_p,
                min_p=sampling.min_p,
                past_key_values=fanned(cache),
                max_new_tokens=sampling.max_tokens,
                pad_token_id=self._pad(),
                stopping_criteria=[ear],
                return_dict_in_generate=True,
                output_logits=True,
            )
            new = found.sequences[:, len(heard) :, None]
            logs = [
                torch.log_softmax(step.float(), -1).gather(-1, new[:, at])[:, 0] for at, step in enumerate(found.logits)
            ]
            chosen = torch.stack(logs, 1).tolist()
        completions = tuple(
            Completion.of(said.text, list(zip(said.places, values, strict=False)), said.ended)
            for said, values in zip(ear.said, chosen, strict=True)
        )
        return Proposal(completions, read, sum(len(said.places) for said in ear.said), time.perf_counter() - started)

    def score(self, prompt: str, options: Sequence[str]) -> Scores:
        """Score each option by the log-probability of all its tokens after the prompt, in one batch."""
        import torch

        from model.generation import fanned

        started = time.perf_counter()
        with self.active() as shared:
            heard = self._ids(prompt)
            cache, read = shared.prefixes.read(heard, self._adapter)
            added = [pieces_ids(shared.tokenizer, option) for option in options]
            longest = max(map(len, added))
            # padding stands behind the option, where no place that counts can see it
            rows = [heard[-1:] + ids + [self._pad()] * (longest - len(ids)) for ids in added]
            given = torch.tensor(rows, device=shared.model.device)
            logits = shared.model(input_ids=given, past_key_values=fanned(cache), use_cache=True).logits[:, :-1]
            logs = torch.log_softmax(logits.float(), -1).gather(-1, given[:, 1:, None])[..., 0]
            sums = [float(row[: len(ids)].double().sum()) for row, ids in zip(logs, added, strict=True)]
        weights = torch.softmax(torch.tensor(sums, dtype=torch.float64), 0).tolist()
        return Scores(tuple(weights), 1, read + sum(map(len, added)), 0, time.perf_counter() - started)

    def _check_loaded(self, adapter: str) -> None:
        if adapter and adapter not in self._shared.adapters:
            known = ", ".join(self._shared.adapters) or "none"
            raise ModelError(f"adapter {adapter!r}: is not loaded (loaded: {known}); load it with add_adapter first")

    def _ids(self, prompt: str) -> list[int]:
        tokenizer = self._shared.tokenizer
        start = tokenizer.bos_token_id
        ids: list[int] = tokenizer.encode(prompt, add_special_tokens=False)
        return ids if start is None else [start, *ids]

    def _pad(self) -> int:
        pad = self._shared.tokenizer.pad_token_id
        return int(self._shared.tokenizer.eos_token_id if pad is None else pad)

    def _ends(self) -> tuple[int, ...]:
        own = self._shared.model.generation_config.eos_token_id
        more = own if isinstance(own, list) else [own] if isinstance(own, int) else []
        return (int(self._shared.tokenizer.eos_token_id), self._pad(), *more)


def check_korean(tokenizer: Any, name: str) -> None:
    """Raise ModelError when a tokenizer does not give Korean back as it was: spaces, marks, lone jamo, rare syllables."""
    back = tokenizer.decode(tokenizer.encode(_KOREAN, add_special_tokens=False))
    if back != _KOREAN:
        raise ModelError(
            f"{name}: its tokenizer ({type(tokenizer).__name__}) reads {_KOREAN!r} back as {back!r}; "
            "take the repository's tokenizer.json, or a model that was made for Korean"
        )


def pieces_ids(tokenizer: Any, piece: str) -> list[int]:
    """Return the ids of a piece of text that goes on from another, without a start token or the space Llama puts first."""
    lead = "\n" if tokenizer.convert_ids_to_tokens(tokenizer.encode("가", add_special_tokens=False))[0] != "가" else ""
    ids: list[int] = tokenizer.encode(lead + piece, add_special_tokens=False)
    return ids[len(tokenizer.encode(lead, add_special_tokens=False)) :] if lead else ids


def _loaded(base: Path) -> Any:
    """Return the weights of a folder in four bits, spread over the GPUs where there are any.

    Attention is left to transformers: torch's fused one on GPU and CPU alike, but for models that it cannot serve (Gemma 2
    caps its logits), which get the eager one.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    stored = AutoConfig.from_pretrained(base, trust_remote_code=False).dtype
    return AutoModelForCausalLM.from_pretrained(
        base,
        trust_remote_code=False,
        use_safetensors=True,
        quantization_config=four_bits(stored),
        dtype=precision(stored),
        device_map="auto" if torch.cuda.is_available() else None,
    ).eval()


def _budget() -> int:
    """Return how many bytes of prefixes are kept: half of what the weights leave free on a GPU."""
    import torch

    return int(torch.cuda.mem_get_info()[0]) // 2 if torch.cuda.is_available() else BUDGET
