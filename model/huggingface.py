"""Any causal language model of transformers, in four bits, with a PEFT adapter: candidates over one cached prefix, closed sets.

Weights are read from safetensors only and no code of a repository is run. A folder of PEFT names its own base.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import PrivateAttr

from model.base import Completion, OnToken, Proposal, Sampling, Scores, StageModel
from model.prefix import PrefixCache, expanded
from model.weights import sha256_of
from transcript.errors import ModelError

_ADAPTER = "adapter_config.json"


def adapter_folder(path: str) -> Path | None:
    """Return the folder of PEFT that `path` is, or that a run of `daebon train` at `path` holds; None when it is a base."""
    return next((one for one in (Path(path) / "adapter", Path(path)) if (one / _ADAPTER).is_file()), None)


def four_bits() -> Any:
    """Return how weights are read in four bits: NF4 with double quantisation (arXiv:2305.14314), products in bf16 on a GPU, else fp32."""
    import torch
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16 if torch.cuda.is_available() else torch.float32,
    )


class HuggingFaceModel(StageModel):
    """The runtime behind `hf:PATH_OR_ID`."""

    _model: Any = PrivateAttr(default=None)
    _tokenizer: Any = PrivateAttr(default=None)
    _prefixes: Any = PrivateAttr(default=None)

    @staticmethod
    def load(name: str) -> HuggingFaceModel:
        """Load a folder or hub id, or an adapter with its base; raises ModelError with the remedy."""
        try:
            import torch
            from transformers import AutoModelForCausalLM, AutoTokenizer
            from transformers.utils import logging as notices
        except ImportError as error:
            raise ModelError(f"hf:{name}: {error.name} is not installed; run: pip install 'daebon[hf]'") from error
        logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
        notices.set_verbosity_error()
        notices.disable_progress_bar()
        gpu = torch.cuda.is_available()
        dtype = torch.bfloat16 if gpu else torch.float32
        options: dict[str, Any] = {"quantization_config": four_bits(), "dtype": dtype, "use_safetensors": True}
        if gpu:
            options["device_map"] = "auto"
        adapter = adapter_folder(name)
        try:
            config = json.loads((adapter / _ADAPTER).read_text("utf-8")) if adapter else {}
            base = str(config.get("base_model_name_or_path", name))
            made = HuggingFaceModel(sha256=digest_of(base))
            made._tokenizer = AutoTokenizer.from_pretrained(base, trust_remote_code=False)
            loaded = AutoModelForCausalLM.from_pretrained(base, trust_remote_code=False, **options)
            if adapter:
                from peft import PeftModel

                loaded = PeftModel.from_pretrained(loaded, adapter)
                made.adapter_sha256 = sha256_of(adapter / "adapter_model.safetensors")
        except (OSError, ValueError, RuntimeError, ImportError) as error:
            reason = str(error).strip().splitlines()[0]
            raise ModelError(f"hf:{name}: cannot be loaded ({reason}); give a folder or hub id, or a run") from error
        made._model = loaded.eval()
        made._prefixes = PrefixCache(made._model)
        return made

    @property
    def _llm_type(self) -> str:
        return "daebon-transformers"

    def close(self) -> None:
        """Let go of the weights."""
        self._model = self._tokenizer = self._prefixes = None

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
        from transformers import StoppingCriteria, StoppingCriteriaList

        started = time.perf_counter()
        heard = self._ids(prompt)
        cache, read = self._prefixes.read(heard, self.adapter_sha256)
        ids = torch.tensor([heard] * n, device=self._model.device)
        tokenizer, length = self._tokenizer, len(heard)

        class Heard(StoppingCriteria):  # type: ignore[misc]
            """Tells the newest piece of every candidate."""

            def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:
                if on_token:
                    for row in input_ids:
                        on_token(tokenizer.decode(row[-1:], skip_special_tokens=True))
                return torch.zeros(input_ids.shape[0], dtype=torch.bool, device=input_ids.device)

        with torch.random.fork_rng(), torch.no_grad():
            torch.manual_seed(seed & 0x7FFFFFFF)
            found = self._model.generate(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                do_sample=sampling.temperature > 0,
                temperature=sampling.temperature or None,
                top_k=0,
                top_p=sampling.top_p,
                min_p=sampling.min_p,
                past_key_values=expanded(cache, n),
                max_new_tokens=sampling.max_tokens,
                stop_strings=list(stop) or None,
                tokenizer=tokenizer,
                pad_token_id=self._pad(),
                stopping_criteria=StoppingCriteriaList([Heard()]),
                return_dict_in_generate=True,
                output_logits=True,
            )
        logs = torch.log_softmax(torch.stack(found.logits, 1).float(), -1)
        new = found.sequences[:, length:]
        chosen = logs.gather(-1, new.unsqueeze(-1)).squeeze(-1)
        completions, decoded = [], 0
        for row, values in zip(new.tolist(), chosen.tolist(), strict=True):
            count = self._length(row, stop)
            text, cut = tokenizer.decode(row[:count], skip_special_tokens=True), count < sampling.max_tokens
            places = [text.find(mark) for mark in stop if mark in text]
            ended = cut or bool(places) or row[count - 1] in self._ends()
            completions.append(
                Completion(text[: min(places)] if places else text, sum(values[:count]) / max(1, count), ended)
            )
            decoded += count
        return Proposal(tuple(completions), read, decoded, time.perf_counter() - started)

    def _length(self, row: Sequence[int], stop: Sequence[str]) -> int:
        """Return how many ids of a candidate are its own: those behind its end or its stop are padding for longer ones."""
        for count, token in enumerate(row, 1):
            if token in self._ends():
                return count
            if any(mark in self._tokenizer.decode(row[:count], skip_special_tokens=True) for mark in stop):
                return count
        return len(row)

    def score(self, prompt: str, options: Sequence[str]) -> Scores:
        """Score each option by the log-probability of all its tokens after the prompt."""
        import torch

        started, heard = time.perf_counter(), self._ids(prompt)
        cache, read = self._prefixes.read(heard, self.adapter_sha256)
        logs = []
        for option in options:
            added = pieces_ids(self._tokenizer, option)
            ids = torch.tensor([heard[-1:] + added], device=self._model.device)
            with torch.no_grad():
                logits = self._model(input_ids=ids, past_key_values=expanded(cache, 1), use_cache=True).logits
            given = torch.log_softmax(logits[0, :-1].float(), -1)
            logs.append(float(given.gather(-1, ids[0, 1:].unsqueeze(-1)).sum()))
            read += len(added)
        weights = torch.softmax(torch.tensor(logs, dtype=torch.float64), 0).tolist()
        return Scores(tuple(weights), len(options), read, 0, time.perf_counter() - started)

    def _ids(self, prompt: str) -> list[int]:
        start = self._tokenizer.bos_token_id
        ids: list[int] = self._tokenizer.encode(prompt, add_special_tokens=False)
        return ids if start is None else [start, *ids]

    def _pad(self) -> int:
        pad = self._tokenizer.pad_token_id
        return int(self._tokenizer.eos_token_id if pad is None else pad)

    def _ends(self) -> tuple[int, ...]:
        return (int(self._tokenizer.eos_token_id), self._pad())


def pieces_ids(tokenizer: Any, piece: str) -> list[int]:
    """Return the ids of a piece of text that goes on from another, without a start token or the space Llama puts first."""
    lead = "\n" if tokenizer.convert_ids_to_tokens(tokenizer.encode("가", add_special_tokens=False))[0] != "가" else ""
    ids: list[int] = tokenizer.encode(lead + piece, add_special_tokens=False)
    return ids[len(tokenizer.encode(lead, add_special_tokens=False)) :] if lead else ids


def digest_of(base: str) -> str:
    """Return one hash over the weights of a folder, "" for a hub id."""
    files = sorted(Path(base).glob("*.safetensors")) if Path(base).is_dir() else []
    return hashlib.sha256("".join(map(sha256_of, files)).encode()).hexdigest() if files else ""
