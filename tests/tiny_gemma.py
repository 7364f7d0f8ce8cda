"""A Gemma 3 with random weights, the shape and the traps of the real one, in a megabyte.

It has an image encoder, a chat template that folds the system text into the user turn and writes ``<bos>``
itself, generation settings that sample and do not name the token that ends a turn, and a tokenizer with the
marks between which MedGemma 1.5 thinks. It writes nonsense.
"""

import json
from pathlib import Path
from typing import Any

SPECIAL = [
    "<pad>",
    "<eos>",
    "<bos>",
    "<unk>",
    "<start_of_turn>",
    "<end_of_turn>",
    "<image>",
    "<boi>",
    "<eoi>",
]
ORDINARY = ["<unused94>", "<unused95>"]
TEMPLATE = """{{ bos_token }}
{%- set ns = namespace(head='') -%}
{%- for m in messages -%}
    {%- if m['role'] == 'system' -%}
        {%- set ns.head = m['content'] + '\n\n' -%}
    {%- else -%}
        {%- if m['role'] == 'user' and not loop.last and messages[loop.index0 + 1]['role'] == 'user' -%}
            {{ raise_exception('Conversation roles must alternate') }}
        {%- endif -%}
        {{ '<start_of_turn>' + ('model' if m['role'] == 'assistant' else m['role']) + '\n' + ns.head
           + m['content'] | trim + '<end_of_turn>\n' }}
        {%- set ns.head = '' -%}
    {%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<start_of_turn>model\n' }}{%- endif -%}
"""
CORPUS = [
    "The software recognised the transthalamic plane of the fetal head. The measurement was recorded.",
    "The view of the fetal abdomen was identified; the abdominal circumference was recorded in this image.",
    "Use each tag such as [[F1]] or [[F2]] exactly once, in order, in plain sentences of a report.",
]


def tokenizer() -> Any:
    """A small byte-level tokenizer with Gemma's special tokens at Gemma's first places."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    raw.train_from_iterator(CORPUS * 3, trainer)
    # As Gemma's own: plain tokenizing writes a <bos> before the one that the chat template has written.
    raw.post_processor = processors.TemplateProcessing(
        single="<bos> $A", special_tokens=[("<bos>", SPECIAL.index("<bos>"))]
    )
    raw.add_tokens([AddedToken(token, normalized=False) for token in ORDINARY])
    made = PreTrainedTokenizerFast(
        tokenizer_object=raw,
        bos_token="<bos>",
        eos_token="<eos>",
        pad_token="<pad>",
        unk_token="<unk>",
        additional_special_tokens=["<start_of_turn>", "<end_of_turn>"],
    )
    made.chat_template = TEMPLATE
    return made


def config(vocabulary: int) -> Any:
    """Three layers, with sliding and full attention."""
    from transformers import Gemma3Config, Gemma3TextConfig, SiglipVisionConfig

    text = Gemma3TextConfig(
        vocab_size=vocabulary,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        query_pre_attn_scalar=16,
        sliding_window=32,
        layer_types=["sliding_attention", "full_attention", "sliding_attention"],
        max_position_embeddings=1024,
        pad_token_id=0,
        eos_token_id=1,
        bos_token_id=2,
    )
    vision = SiglipVisionConfig(
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        image_size=56,
        patch_size=14,
    )
    return Gemma3Config(
        text_config=text,
        vision_config=vision,
        mm_tokens_per_image=4,
        image_token_index=6,
        boi_token_index=7,
        eoi_token_index=8,
    )


def build(folder: Path) -> Path:
    """Save the model into ``folder`` as a checkpoint on the Hub looks."""
    import torch
    from transformers import Gemma3ForConditionalGeneration

    words = tokenizer()
    torch.manual_seed(0)
    # More rows than tokens, as the real one has.
    model = Gemma3ForConditionalGeneration(config(len(words) + 13))
    model.save_pretrained(folder)
    words.save_pretrained(folder)
    sampling = {
        "do_sample": True,
        "top_k": 64,
        "top_p": 0.95,
        "eos_token_id": 1,
        "pad_token_id": 0,
        "bos_token_id": 2,
    }
    (folder / "generation_config.json").write_text(json.dumps(sampling), "utf-8")
    return folder
