"""Laws of P2P-HRV Edit on real host classes: every layer and step against float64, and pairs."""

from __future__ import annotations

import pytest
import torch
from tiny_models import make_clip, make_model

import nodes as host_nodes
from hrv_pack.hrv.heads import cross_attention_layers, head_table
from hrv_pack.hrv.relevance import HeadRelevance
from hrv_pack.nodes.capture import HRVCapture
from hrv_pack.nodes.p2p import HRVP2PEdit, HRVP2PSplit
from hrv_pack.nodes.prompt import HRVPrompt
from hrv_pack.nodes.prompt_tag import prompts_of
from hrv_pack.nodes.steer import HRVConceptStrengthen

pytestmark = pytest.mark.usefixtures("host")
STRUCTURES = ["sd1", "sdxl"]
STEPS, CROSS, SELF = 5, 3, 2  # cross_replace 0.6 and self_replace 0.4 of five steps
SOURCE, TARGET = "a red cat on a mat", "a blue cat on a mat"
LONGER = "a periwinkle cat on a mat"  # one word in more tokens than "red"


@pytest.fixture(scope="module")
def clip():
    with torch.inference_mode():
        return make_clip()


@pytest.fixture(scope="module")
def models():
    with torch.inference_mode():
        return {structure: make_model(structure) for structure in STRUCTURES}


@pytest.fixture(autouse=True)
def inference():
    with torch.inference_mode():
        yield


def prompt(clip, text):
    return HRVPrompt.execute(text, clip).args[0]


def latents(pictures=1, height=8, width=8):
    return {"samples": torch.zeros(pictures, 4, height, width)}


def relevance(model):
    heads = head_table(model.get_model_object("diffusion_model"))
    rows = torch.rand(2, len(heads), generator=torch.Generator().manual_seed(7))
    vectors = rows * (len(heads) / rows.sum(dim=1, keepdim=True))
    return HeadRelevance(("Color", "Animals"), (("red",), ("cat",)), heads, vectors)


def edit(model, source, target, latent, **inputs):
    chosen = {
        "mode": "replace",
        "words": "",
        "cross_replace": CROSS / STEPS,
        "self_replace": SELF / STEPS,
        "concept": "Color",
        "strength": 1.0,
        "layers": "1/4 of the latent",
    }
    return HRVP2PEdit.execute(model, source, target, latent, **{**chosen, **inputs}).args


def sample(model, positive, negative, latent, sampler="euler", denoise=1.0, steps=STEPS):
    chosen = (model, 3, steps, 5.0, sampler, "normal", positive, negative, latent, denoise)
    return host_nodes.KSampler().sample(*chosen)[0]["samples"]


class Tap:
    """What each attention layer projects before any edit, and what reaches its to_out."""

    def __init__(self, model):
        self.unet = model.get_model_object("diffusion_model")
        self.layers = cross_attention_layers(self.unet)
        self.seen, self.handles = {}, []
        cross = {id(layer.attention): layer for layer in self.layers}
        for block in self.unet.modules():
            if id(getattr(block, "attn2", None)) in cross:
                self._watch(("cross", cross[id(block.attn2)]), block.attn2)
                self._watch(("self", cross[id(block.attn2)]), block.attn1)

    def _watch(self, key, attention):
        for name in ("to_q", "to_k", "to_v"):
            hook = lambda _m, _a, out, at=(*key, name): self._keep(at, out)  # noqa: E731
            self.handles.append(getattr(attention, name).register_forward_hook(hook))
        hook = lambda _m, args, at=(*key, "out"): self._keep(at, args[0])  # noqa: E731
        self.handles.append(attention.to_out[0].register_forward_pre_hook(hook))

    def _keep(self, key, x):
        self.seen.setdefault(key, []).append(x.double())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for handle in self.handles:
            handle.remove()

    def calls(self, kind, layer):
        """(q, k, v, out) of each UNet call, heads apart: (B, h, N, d); out flat."""
        parts = [self.seen[kind, layer, name] for name in ("to_q", "to_k", "to_v", "out")]
        for q, k, v, out in zip(*parts, strict=True):
            split = [x.unflatten(-1, (layer.heads, -1)).transpose(1, 2) for x in (q, k, v)]
            yield *split, out


def attention_map(q, k):
    return torch.softmax(q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5, dim=-1)


def merge(maps, v):
    return (maps @ v).transpose(-3, -2).flatten(-2)


def equation_7_or_8(source_map, target_map, pairs, own, r):
    """M~ (h, N, T), column by column: r M*_j for j in own, else the paired source columns."""
    edited = torch.zeros_like(target_map)
    for j in range(target_map.shape[-1]):
        if j in own:
            edited[..., j] = r[:, None] * target_map[..., j]
        else:
            for i, share in pairs.get(j, ()):
                edited[..., j] += share * source_map[..., i]
    return edited


def check_every_layer(tap, rows, pairs, own, r_of, cross=CROSS, replaced=SELF, limit=16):
    """rows: (source, target) batch rows of the pairs."""
    for layer in tap.layers:
        for step, (q, k, v, out) in enumerate(tap.calls("cross", layer)):
            for s, t in rows:
                maps = attention_map(q[t], k[t])
                if step < cross:
                    source = attention_map(q[s], k[s])
                    maps = equation_7_or_8(source, maps, pairs, own, r_of(layer))
                assert_close(out[t], merge(maps, v[t]))
                assert_close(out[s], merge(attention_map(q[s], k[s]), v[s]))
        for step, (q, k, v, out) in enumerate(tap.calls("self", layer)):
            for s, t in rows:
                use = s if step < replaced and q.shape[2] <= limit else t
                assert_close(out[t], merge(attention_map(q[use], k[use]), v[t]))
                assert_close(out[s], merge(attention_map(q[s], k[s]), v[s]))


def assert_close(found, expected):
    assert (found - expected).norm() < 2e-5 * expected.norm() + 1e-9


def one_to_one(length=77):
    return {j: [(j, 1.0)] for j in range(length)}


def periwinkle_pairs(parts):
    """ "red" at 2 becomes `parts` tokens; the text after it, its end and the padding follow."""
    shift = parts - 1
    pairs = {j: [(j, 1.0)] for j in (0, 1)}
    pairs |= {j: [(2, 1 / parts)] for j in range(2, 2 + parts)}
    pairs |= {i + shift: [(i, 1.0)] for i in range(3, 8)}  # cat on a mat <end>
    end = 7 + shift
    pairs[end] = pairs[end] + [(i, 1.0) for i in range(8, end + 1)]
    pairs |= {j: [(j, 1.0)] for j in range(end + 1, 77)}
    return pairs


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("variant", ["equation 7", "equation 8", "named word", "unequal tokens"])
def test_every_layer_and_step_equals_the_literal_equations(models, clip, structure, variant):
    model, inputs = models[structure], {}
    words, pairs, own = "", one_to_one(), ()
    target = prompt(clip, TARGET)
    if variant == "unequal tokens":
        target = prompt(clip, LONGER)
        pairs = periwinkle_pairs(len(prompts_of(target)[0].find("periwinkle")))
    hrv = relevance(model)
    if variant in ("equation 8", "named word"):
        own, inputs = (2,), {"hrv": hrv}
    if variant == "named word":  # the published code: only the named word, wherever it stands
        words, own = "mat", (6,)
    made = edit(model, prompt(clip, SOURCE), target, latents(2), words=words, **inputs)
    row = hrv.row("Color").double()
    with Tap(model) as tap:
        sample(made[0], made[1], prompt(clip, "bad"), made[2])
    r_of = lambda layer: row[hrv.heads.span(layer.place, layer.layer)]  # noqa: E731
    # the host runs the negative's four rows first
    check_every_layer(tap, [(4, 5), (6, 7)], pairs, own, r_of)


def test_refine_keeps_the_own_map_of_new_words(models, clip):
    model = models["sd1"]
    target = prompt(clip, "a red fluffy cat on a mat")
    made = edit(model, prompt(clip, SOURCE), target, latents(), mode="refine")
    new = prompts_of(target)[0].find("fluffy")
    old = [j for j in range(77) if j not in new]
    pairs = {j: [(i, 1.0)] for i, j in zip(range(77), old, strict=False)}
    shift, end = len(new), 7 + len(new)
    pairs = {j: pairs[j] for j in old if j <= end} | {j: [(j, 1.0)] for j in range(end + 1, 77)}
    pairs[end] = pairs[end] + [(i, 1.0) for i in range(8, 8 + shift)]
    with Tap(model) as tap:
        sample(made[0], made[1], prompt(clip, "bad"), made[2])
    ones = lambda layer: torch.ones(layer.heads, dtype=torch.float64)  # noqa: E731
    check_every_layer(tap, [(2, 3)], pairs, new, ones)


def test_reweight_scales_the_source_map(models, clip):
    model = models["sdxl"]
    both = prompt(clip, SOURCE)
    inputs = {"mode": "reweight", "words": "red", "weight": -2.0}
    made = edit(model, both, prompt(clip, SOURCE), latents(), **inputs)
    pairs = one_to_one() | {2: [(2, -2.0)]}
    with Tap(model) as tap:
        sample(made[0], made[1], prompt(clip, "bad"), made[2])
    check_every_layer(tap, [(2, 3)], pairs, (), lambda layer: None)


def test_long_prompts_of_unequal_length_are_edited_exactly(models, clip):
    model = models["sd1"]
    long = SOURCE + " and" * 80
    made = edit(model, prompt(clip, SOURCE), prompt(clip, long), latents(), mode="refine")
    assert made[1][0][0].shape[1] == 154
    position = prompts_of(prompt(clip, long))[0].find("and")
    # the host repeats the source, so both copies count; its end token and the padding that lies
    # under the longer text go to that text's end token
    pairs = {j: [(j, 1.0), (j + 77, 1.0)] for j in range(7)}
    pairs[76] = [(i + half, 1.0) for i in range(7, 77) for half in (0, 77)]
    with Tap(model) as tap:
        sample(made[0], made[1], prompt(clip, "bad"), made[2])
    ones = lambda layer: torch.ones(layer.heads, dtype=torch.float64)  # noqa: E731
    check_every_layer(tap, [(2, 3)], pairs, set(position), ones)


def plain_pair(conditioning):
    """The same batch without tag, as an ordinary conditioning."""
    ((both, options),) = conditioning
    return [[both, {k: v for k, v in options.items() if k != "hrv_prompt"}]]


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("sampler", ["euler", "dpmpp_2m", "heun"])
def test_source_is_bit_identical_to_its_prompt_alone(models, clip, structure, sampler):
    model, source, negative = models[structure], prompt(clip, SOURCE), prompt(clip, "bad")
    made = edit(model, source, prompt(clip, TARGET), latents(2, 6, 10), hrv=relevance(model))
    edited = sample(made[0], made[1], negative, made[2], sampler)
    alone = sample(model, source, negative, made[2], sampler)
    assert torch.equal(edited[0::2], alone[0::2])
    assert (edited[1::2] - alone[1::2]).abs().max() > 1e-2 * alone.abs().max()


@pytest.mark.parametrize("structure", STRUCTURES)
def test_neutral_settings_give_the_plain_target(models, clip, structure):
    model, negative = models[structure], prompt(clip, "bad")
    zero = {"cross_replace": 0.0, "self_replace": 0.0, "strength": 0.0, "hrv": relevance(model)}
    made = edit(model, prompt(clip, SOURCE), prompt(clip, TARGET), latents(2), **zero)
    edited = sample(made[0], made[1], negative, made[2])
    alone = sample(model, prompt(clip, TARGET), negative, made[2])
    assert torch.equal(edited[1::2], alone[1::2])


def test_pairs_start_from_one_noise_and_seeds_differ(models, clip):
    model, negative = models["sd1"], prompt(clip, "bad")
    same = {"mode": "reweight", "words": "cat", "weight": 1.0}
    made = edit(model, prompt(clip, SOURCE), prompt(clip, SOURCE), latents(3), **same)
    found = sample(*made[:2], negative, made[2])
    scale = found.abs().max()
    assert (found[0::2] - found[1::2]).abs().max() < 1e-4 * scale
    assert (found[0] - found[2]).abs().max() > 1e-2 * scale


# Evaluations of the first two of four steps: dpm_2 has one more inside each step; heun's second
# and dpmpp_2s_ancestral's lie at the next step's noise level and belong to that.
@pytest.mark.parametrize(
    ("sampler", "inside"), [("euler", 2), ("dpm_2", 4), ("heun", 3), ("dpmpp_2s_ancestral", 3)]
)
@pytest.mark.parametrize("denoise", [1.0, 0.5])
def test_ranges_count_steps_whatever_the_sampler(models, clip, sampler, inside, denoise):
    model, negative = models["sd1"], prompt(clip, "bad")
    pair = prompt(clip, SOURCE), prompt(clip, TARGET)
    for fraction in (1.0, 0.5):
        made = edit(model, *pair, latents(), cross_replace=fraction, self_replace=0.0)
        with Tap(model) as tap:
            sample(*made[:2], negative, made[2], sampler, denoise, steps=4)
        found = [edited(*call) for call in tap.calls("cross", tap.layers[0])]
        count = len(found) if fraction == 1.0 else inside
        assert found == [True] * count + [False] * (len(found) - count)


def edited(q, k, v, out):
    own = merge(attention_map(q[3], k[3]), v[3])
    return bool((out[3] - own).norm() > 1e-4 * own.norm())


def test_strengthening_another_word_of_the_target_composes(models, clip):
    model, target = models["sd1"], prompt(clip, TARGET)
    hrv = relevance(model)
    made = edit(model, prompt(clip, SOURCE), target, latents())
    stronger = HRVConceptStrengthen.execute(made[0], hrv, target, "cat", "Animals", 1.0).args[0]
    row = hrv.row("Animals").double()
    with Tap(model) as tap:
        sample(stronger, made[1], prompt(clip, "bad"), made[2])
    for layer in tap.layers:
        r = row[hrv.heads.span(layer.place, layer.layer)]
        q, k, v, out = next(iter(tap.calls("cross", layer)))
        maps = attention_map(q[2], k[2])
        assert_close(out[2], merge(maps, v[2]))
        maps[:, :, 3] *= r[:, None]
        assert_close(out[3], merge(maps, v[3]))


def test_capture_reads_the_target_rows_and_changes_nothing(models, clip):
    model, target, negative = models["sd1"], prompt(clip, TARGET), prompt(clip, "bad")
    made = edit(model, prompt(clip, SOURCE), target, latents(2))
    watched, maps = HRVCapture.execute(made[0], target).args
    found = sample(watched, made[1], negative, made[2])
    assert torch.equal(found, sample(*made[:2], negative, made[2]))
    with Tap(model) as tap:
        sample(*made[:2], negative, made[2])
    layer = tap.layers[0]
    blue = torch.stack(
        [attention_map(q, k)[[5, 7], :, :, 2] for q, k, *_ in tap.calls("cross", layer)]
    ).mean(dim=0)
    words = maps.of(found).means(maps.columns("blue"))
    kept = next(w for w in words if (w.place, w.layer) == (layer.place, layer.layer))
    assert torch.allclose(kept.maps[:, :, 0].double().flatten(2), blue, atol=1e-5)


def test_local_blend_keeps_the_source_elsewhere(models, clip):
    model, negative = models["sd1"], prompt(clip, "bad")
    inputs = {"local_blend": True, "blend_words": "cat", "self_replace": 0.0}
    made = edit(
        model,
        prompt(clip, SOURCE),
        prompt(clip, TARGET),
        latents(1, 16, 16),
        **inputs,
        blend_threshold=0.93,
    )
    found = sample(made[0], made[1], negative, made[2])
    same = (found[0] == found[1]).all(dim=0)
    assert 0 < int(same.sum()) < same.numel()


def test_blending_everywhere_or_nowhere(models, clip):
    model, negative = models["sd1"], prompt(clip, "bad")
    pair = prompt(clip, SOURCE), prompt(clip, TARGET)
    made = edit(model, *pair, latents())
    without = sample(*made[:2], negative, made[2])
    for threshold, expected in ((0.0, without[1]), (1.0, without[0])):
        made = edit(model, *pair, latents(), local_blend=True, blend_threshold=threshold)
        found = sample(*made[:2], negative, made[2])
        assert torch.equal(found[0], without[0])
        assert torch.allclose(found[1], expected, atol=1e-5)


def test_errors_in_words(models, clip):
    model, source, target = models["sd1"], prompt(clip, SOURCE), prompt(clip, TARGET)
    with pytest.raises(ValueError, match="same words"):
        edit(model, source, prompt(clip, SOURCE), latents())
    with pytest.raises(ValueError, match=r"no word 'green'.*blue"):
        edit(model, source, target, latents(), words="green", hrv=relevance(model))
    with pytest.raises(ValueError, match=r"6 words.*7.*refine"):
        edit(model, source, prompt(clip, TARGET + " outside"), latents())
    with pytest.raises(ValueError, match="type the word"):
        edit(model, source, target, latents(), mode="reweight")
    made = edit(model, source, target, latents(2))
    for unpaired in (latents(3), latents(4)):
        with pytest.raises(ValueError, match="not paired"):
            sample(*made[:2], prompt(clip, "bad"), unpaired)
    with pytest.raises(ValueError, match="was not given that prompt"):
        sample(made[0], target, prompt(clip, "bad"), made[2])


def test_the_model_is_left_as_it_was(models, clip):
    model, source, negative = models["sd1"], prompt(clip, SOURCE), prompt(clip, "bad")
    before = sample(model, source, negative, latents())
    made = edit(model, source, prompt(clip, TARGET), latents(), local_blend=True)
    sample(*made[:2], negative, made[2])
    assert torch.equal(sample(model, source, negative, latents()), before)
    unet = model.get_model_object("diffusion_model")
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in unet.modules())


def test_split_parts_pairs_in_order():
    pictures = torch.arange(6.0).reshape(6, 1, 1, 1).expand(6, 2, 2, 3)
    source, changed = HRVP2PSplit.execute(pictures).args
    assert source[:, 0, 0, 0].tolist() == [0, 2, 4]
    assert changed[:, 0, 0, 0].tolist() == [1, 3, 5]
    with pytest.raises(ValueError, match="found 5"):
        HRVP2PSplit.execute(pictures[:5])
