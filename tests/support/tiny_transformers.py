"""Real host classes of transformers at small size, with seeded weights, and how to sample."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import comfy.model_management
import comfy.model_patcher
import comfy.supported_models as supported
import torch

import nodes as host_nodes
from hrv_pack.hrv.text.tokens import Token, TokenTable
from hrv_pack.nodes.prompts.tag import Prompt, tag

TOKENS, WIDTH = 7, 16
_FLUX: dict[str, Any] = {
    "image_model": "flux",
    "in_channels": 4,
    "out_channels": 4,
    "vec_in_dim": 8,
    "context_in_dim": WIDTH,
    "hidden_size": 64,
    "mlp_ratio": 2.0,
    "num_heads": 4,
    "depth": 2,
    "depth_single_blocks": 2,
    "axes_dim": [4, 6, 6],
    "theta": 100,
    "patch_size": 2,
    "qkv_bias": True,
    "guidance_embed": True,
    "txt_ids_dims": [],
}
_COSMOS: dict[str, Any] = {
    "image_model": "cosmos_predict2",
    "max_img_h": 16,
    "max_img_w": 16,
    "max_frames": 4,
    "in_channels": 16,
    "out_channels": 16,
    "patch_spatial": 2,
    "patch_temporal": 1,
    "model_channels": 64,
    "concat_padding_mask": True,
    "crossattn_emb_channels": WIDTH,
    "pos_emb_cls": "rope3d",
    "pos_emb_learnable": True,
    "pos_emb_interpolation": "crop",
    "min_fps": 1,
    "max_fps": 30,
    "use_adaln_lora": True,
    "adaln_lora_dim": 8,
    "num_blocks": 2,
    "num_heads": 4,
    "extra_per_block_abs_pos_emb": False,
    "rope_enable_fps_modulation": False,
}
_LUMINA: dict[str, Any] = {
    "image_model": "lumina2",
    "patch_size": 2,
    "in_channels": 16,
    "dim": 64,
    "cap_feat_dim": WIDTH,
    "n_layers": 2,
    "n_refiner_layers": 1,
    "n_heads": 4,
    "n_kv_heads": 2,
    "axes_dims": [4, 6, 6],
    "axes_lens": [300, 64, 64],
    "rope_theta": 100.0,
    "ffn_dim_multiplier": 1.0,
    "qk_norm": True,
    "multiple_of": 32,
}
_Z_IMAGE = {
    **_LUMINA,
    "dim": 256,
    "n_heads": 16,
    "n_kv_heads": 16,
    "rope_theta": 256.0,
    "z_image_modulation": True,
    "time_scale": 1000.0,
    "pad_tokens_multiple": 32,
}

_WAN: dict[str, Any] = {
    "image_model": "wan2.1",
    "dim": 64,
    "out_dim": 16,
    "num_heads": 4,
    "ffn_dim": 64,
    "num_layers": 2,
    "patch_size": (1, 2, 2),
    "freq_dim": 32,
    "window_size": (-1, -1),
    "qk_norm": True,
    "cross_attn_norm": True,
    "eps": 1e-6,
    "in_dim": 16,
    "text_dim": WIDTH,
}


class _Seen:
    """What a vision encoder gives of an image-to-video model's first frame."""

    penultimate_hidden_states = torch.ones(1, 257, 1280)


@dataclass(frozen=True)
class Structure:
    """How a tiny model is built: the host's class, its options, the latent's shape (C, ...).

    modules: of the model, those whose attention reads the text, in order; options: what its
    conditionings need besides; front: tokens that the host puts before a prompt of TOKENS; text:
    rows of text in a joint sequence; length: of the context that the host makes.
    """

    kind: str
    options: dict[str, Any]
    latent: tuple[int, ...]
    modules: Any
    conditioning: dict[str, Any] = field(default_factory=dict)
    width: int = WIDTH
    front: int = 0
    text: int = TOKENS
    length: int = TOKENS


def _flux_blocks(model: Any) -> list[Any]:
    return [*model.double_blocks, *model.single_blocks]


def _cross(model: Any) -> list[Any]:
    return [block.cross_attn for block in model.blocks]


def _stream(model: Any) -> list[Any]:
    return [layer.attention for layer in model.layers]


_CHROMA: dict[str, Any] = {
    **{k: v for k, v in _FLUX.items() if k != "guidance_embed"},
    "image_model": "chroma",
    "in_channels": 16,
    "out_channels": 16,
    "in_dim": 64,
    "out_dim": 64,
    "hidden_dim": 32,
    "n_layers": 1,
    "vec_in_dim": None,
}

STRUCTURES = {
    "cosmos": Structure("CosmosT2IPredict2", _COSMOS, (16, 1, 8, 8), _cross),
    "anima": Structure(
        "Anima",
        {**_COSMOS, "image_model": "anima", "crossattn_emb_channels": 1024},
        (16, 1, 8, 8),
        _cross,
        {
            "t5xxl_ids": torch.tensor([100, 200, 300, 400, 500, 600, 1]),
            "t5xxl_weights": torch.ones(TOKENS),
        },
        width=1024,
        length=512,
    ),
    "lumina": Structure("Lumina2", _LUMINA, (16, 8, 8), _stream),
    "z-image": Structure("ZImage", _Z_IMAGE, (16, 8, 8), _stream, text=32),
    "z-image-pixel": Structure(
        "ZImagePixelSpace",
        {
            **_Z_IMAGE,
            "image_model": "zimage_pixel",
            "in_channels": 3,
            "decoder_in_channels": 12,
            "decoder_hidden_size": 32,
            "decoder_num_res_blocks": 1,
            "decoder_max_freqs": 2,
        },
        (3, 8, 8),
        _stream,
        text=32,
    ),
    "flux": Structure(
        "Flux", _FLUX, (4, 8, 8), _flux_blocks, {"pooled_output": torch.full((1, 8), 0.3)}
    ),
    "flux2": Structure(
        "Flux2",
        {
            **_FLUX,
            "image_model": "flux2",
            "in_channels": 8,
            "out_channels": 8,
            "vec_in_dim": None,
            "patch_size": 1,
            "axes_dim": [4, 4, 4, 4],
            "qkv_bias": False,
            "ops_bias": False,
            "global_modulation": True,
            "mlp_silu_act": True,
            "txt_ids_dims": [3],
        },
        (8, 4, 4),
        _flux_blocks,
        front=512 - TOKENS,
        text=512,
        length=512,
    ),
    "chroma": Structure(
        "Chroma",
        _CHROMA,
        (4, 8, 8),
        _flux_blocks,
    ),
    "chroma-radiance": Structure(
        "ChromaRadiance",
        {
            **_CHROMA,
            "image_model": "chroma_radiance",
            "in_channels": 3,
            "out_channels": 3,
            "nerf_hidden_size": 8,
            "nerf_mlp_ratio": 2,
            "nerf_depth": 1,
            "nerf_max_freqs": 2,
            "nerf_tile_size": 0,
            "nerf_final_head_type": "conv",
            "nerf_embedder_dtype": torch.float32,
            "use_x0": True,
            "use_sequential_txt_ids": False,
        },
        (3, 8, 8),
        _flux_blocks,
    ),
    "qwen-image": Structure(
        "QwenImage",
        {
            "image_model": "qwen_image",
            "in_channels": 64,
            "num_layers": 2,
            "attention_head_dim": 16,
            "num_attention_heads": 4,
            "joint_attention_dim": WIDTH,
            "axes_dims_rope": (4, 6, 6),
        },
        (16, 1, 8, 8),
        lambda model: [block.attn for block in model.transformer_blocks],
    ),
    "krea2": Structure(
        "Krea2",
        {
            "image_model": "krea2",
            "features": 128,
            "tdim": 16,
            "txtdim": WIDTH,
            "heads": 4,
            "kvheads": 2,
            "multiplier": 2,
            "layers": 2,
            "patch": 2,
            "channels": 16,
            "txtlayers": 3,
            "txtheads": 2,
            "txtkvheads": 2,
            "default_ref_method": "index_timestep_zero",
        },
        (16, 8, 8),
        lambda model: [block.attn for block in model.blocks],
        width=3 * WIDTH,
    ),
    "wan": Structure("WAN21_T2V", {**_WAN, "model_type": "t2v"}, (16, 2, 8, 8), _cross),
    "wan-i2v": Structure(
        "WAN21_I2V",
        {**_WAN, "model_type": "i2v", "in_dim": 36},
        (16, 1, 8, 8),
        _cross,
        {"clip_vision_output": _Seen()},
    ),
}
JOINT = [name for name, one in STRUCTURES.items() if one.modules is not _cross]


def make_transformer(name: str, seed: int = 0) -> Any:
    """A ModelPatcher of the given structure."""
    structure = STRUCTURES[name]
    config = getattr(supported, structure.kind)(dict(structure.options))
    config.set_inference_dtype(torch.float32, None)
    model = config.get_model({}, device=torch.device("cpu"))
    _randomise(model.diffusion_model, seed)
    patcher = getattr(comfy.model_patcher, "CoreModelPatcher", comfy.model_patcher.ModelPatcher)
    return patcher(
        model,
        load_device=comfy.model_management.get_torch_device(),
        offload_device=comfy.model_management.unet_offload_device(),
    )


def _randomise(module: torch.nn.Module, seed: int) -> None:
    """Seeded weights of unit gain; norms about 1, biases about 0."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in module.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if parameter.dim() > 1:
            parameter.data.copy_(noise / parameter[0].numel() ** 0.5)
        else:
            parameter.data.copy_(0.05 * noise + name.endswith(("weight", "scale")))


def conditioning(name: str, seed: int, **options: Any) -> list[list[Any]]:
    """An embedding of TOKENS random tokens, with what the model needs besides."""
    structure = STRUCTURES[name]
    generator = torch.Generator().manual_seed(seed)
    embedding = torch.randn(1, TOKENS, structure.width, generator=generator)
    return [[embedding, {**structure.conditioning, **options}]]


def tagged(name: str, seed: int, identity: str = "one", **options: Any) -> list[list[Any]]:
    """The same as a prompt of the words w0 ... w6."""
    tokens = tuple(Token(place, f"w{place}", True) for place in range(TOKENS))
    prompt = Prompt(identity, "w0 w1 w2 w3 w4 w5 w6", (TokenTable(TOKENS, tokens),))
    return tag(conditioning(name, seed, **options), prompt)


def sample(
    model: Any, name: str, positive: Any, negative: Any, steps: int = 1, batch: int = 1
) -> torch.Tensor:
    """What the host's KSampler makes."""
    shape = (batch, *STRUCTURES[name].latent)
    start = torch.randn(shape, generator=torch.Generator().manual_seed(9))
    sampled = host_nodes.KSampler().sample(
        model, 3, steps, 4.0, "euler", "simple", positive, negative, {"samples": start}, 1.0
    )
    result: torch.Tensor = sampled[0]["samples"]
    return result


def predictions(
    model: Any, name: str, positive: Any, negative: Any, batch: int = 1
) -> list[torch.Tensor]:
    """What the model returns in each of its calls while it samples one step."""
    found: list[torch.Tensor] = []

    def watch(apply: Any, arguments: dict[str, Any]) -> torch.Tensor:
        found.append(apply(arguments["input"], arguments["timestep"], **arguments["c"]))
        return found[-1]

    watched = model.clone()
    watched.set_model_unet_function_wrapper(watch)
    sample(watched, name, positive, negative, batch=batch)
    return found
