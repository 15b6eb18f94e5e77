"""What a hook may rely on: its defaults, the order of phases, and a state for each sampling."""

from __future__ import annotations

import dataclasses
import gc
import weakref

import pytest
import torch
from tiny_models import make_clip, make_model

import nodes as host_nodes
from hrv_pack.nodes.host.hooks import Hook, Phase
from hrv_pack.nodes.host.options import HOOKS, RUN
from hrv_pack.nodes.host.patching import add_hooks
from hrv_pack.nodes.prompts.nodes import HRVPrompt
from hrv_pack.nodes.prompts.tag import prompts_of

pytestmark = pytest.mark.usefixtures("host", "inference")


@pytest.fixture(scope="module")
def scene():
    """A model, and a prompt with its negative."""
    with torch.inference_mode():
        model, clip = make_model(), make_clip()
        positive = HRVPrompt.execute("a red cat", clip).args[0]
        return model, positive, host_nodes.CLIPTextEncode().encode(clip, "")[0]


def sample(model, scene, steps=2):
    latent = {"samples": torch.zeros(1, 4, 8, 8)}
    _, positive, negative = scene
    return host_nodes.KSampler().sample(
        model, 3, steps, 5.0, "euler", "normal", positive, negative, latent, 1.0
    )[0]["samples"]


def hooks_of(model):
    return model.model_options["transformer_options"][HOOKS]


@dataclasses.dataclass
class Counted:
    calls: int = 0


class Counter(Hook[Counted]):
    """Counts the U-Net calls of each sampling; can fail at one of them."""

    label = "counter"

    def __init__(self, fail_at=0):
        self.fail_at, self.finished, self.states = fail_at, [], []

    def new_state(self):
        state = Counted()
        self.states.append(weakref.ref(state))
        return state

    def attach(self, call):
        state = call.run.state(self)
        assert state is call.run.state(self)
        state.calls += 1
        if state.calls == self.fail_at:
            raise RuntimeError("stop")
        return []

    def finish(self, run):
        self.finished.append(run.state(self).calls)


class Bare(Hook[None]):
    label = "bare"


def test_a_hook_that_declares_nothing_does_nothing(scene):
    model, *_ = scene
    hook = Bare()
    assert (hook.phase, hook.only_watches) == (Phase.RESCALE, False)
    assert (hook.acts_before_steps, hook.edits_denoised) == (False, False)
    assert list(hook.prompts()) == []
    assert torch.equal(sample(add_hooks(model, [hook]), scene), sample(model, scene))


def test_a_hook_without_state_has_none_to_ask_for(scene):
    class Asks(Bare):
        def finish(self, run):
            run.state(self)

    with pytest.raises(NotImplementedError, match=r"Asks keeps no state.*new_state"):
        sample(add_hooks(scene[0], [Asks()]), scene)


def test_every_sampling_has_a_state_of_its_own(scene):
    hook = Counter()
    model = add_hooks(scene[0], [hook])
    for steps in (2, 3):
        sample(model, scene, steps)
    assert hook.finished == [2, 3]
    gc.collect()
    assert [state() for state in hook.states] == [None, None]


def test_an_error_ends_the_state_and_finishes_nothing(scene):
    hook = Counter(fail_at=2)
    model = add_hooks(scene[0], [hook])
    with pytest.raises(RuntimeError, match="stop") as failure:
        sample(model, scene, 3)
    del failure
    gc.collect()
    assert (hook.finished, [state() for state in hook.states]) == ([], [None])
    assert RUN not in model.model_options["transformer_options"]
    hook.fail_at = 0
    sample(model, scene, 3)
    assert hook.finished == [3]


def test_two_hooks_of_one_class_have_states_of_their_own(scene):
    first, second = Counter(), Counter()
    sample(add_hooks(add_hooks(scene[0], [first]), [second]), scene)
    assert first.finished == second.finished == [2]
    assert len(first.states) == len(second.states) == 1


def test_hooks_act_in_the_order_of_their_phases_however_they_were_added(scene):
    acted = []

    def hook(named):
        class Named(Bare):
            phase = named

            def attach(self, call):
                acted.append(named.name)
                return []

        return Named()

    hooks = [hook(phase) for phase in (Phase.WATCH, Phase.RESCALE, Phase.EDIT)]
    one_by_one = scene[0]
    for each in hooks:
        one_by_one = add_hooks(one_by_one, [each])
    for model in (add_hooks(scene[0], hooks), one_by_one):
        acted.clear()
        sample(model, scene, steps=1)
        assert acted == ["RESCALE", "EDIT", "WATCH"]


def test_within_a_phase_the_first_added_acts_first(scene):
    first, second = Bare(), Bare()
    assert hooks_of(add_hooks(add_hooks(scene[0], [first]), [second])) == (first, second)


def test_adding_hooks_leaves_the_model_as_it_was(scene):
    model = add_hooks(scene[0], [Bare()])
    added = add_hooks(model, [Bare(), Bare()])
    assert (len(hooks_of(model)), len(hooks_of(added))) == (1, 3)
    assert HOOKS not in scene[0].model_options["transformer_options"]


def test_what_is_attached_is_detached_after_each_call(scene):
    class Attached(Bare):
        def __init__(self):
            self.layers, self.seen = [], 0

        def attach(self, call):
            self.layers = [layer.attention.to_q for layer in call.layers]
            assert not any(layer._forward_hooks for layer in self.layers)
            return [layer.register_forward_hook(self.see) for layer in self.layers]

        def see(self, *_):
            self.seen += 1

    hook = Attached()
    sample(add_hooks(scene[0], [hook]), scene)
    assert hook.seen == 2 * len(hook.layers) > 0
    assert not any(layer._forward_hooks for layer in hook.layers)


def test_only_hooks_that_update_the_latent_see_the_steps(scene):
    class Steps(Bare):
        def __init__(self):
            self.steps = []

        def before_step(self, run, step):
            self.steps.append((step.number, step.steps))

    class Updates(Steps):
        acts_before_steps = True

    silent, told = Steps(), Updates()
    sample(add_hooks(scene[0], [silent]), scene, steps=3)
    sample(add_hooks(scene[0], [silent, told]), scene, steps=3)
    assert silent.steps == []
    assert told.steps == [(0, 3), (1, 3), (2, 3)]


def test_only_hooks_that_edit_the_denoised_latent_change_it(scene):
    class Empties(Bare):
        def after_guidance(self, run, denoised):
            return torch.zeros_like(denoised)

    class Edits(Empties):
        edits_denoised = True

    plain = sample(scene[0], scene, steps=1)
    assert torch.equal(sample(add_hooks(scene[0], [Empties()]), scene, steps=1), plain)
    emptied = sample(add_hooks(scene[0], [Edits()]), scene, steps=1)
    assert emptied.abs().max() < 1e-3 < plain.abs().max()  # what a sampler ends at is denoised


def test_an_embedding_is_looked_at_once_in_a_sampling(scene, monkeypatch):
    looks, any_of = [], torch.Tensor.any
    embeddings = {id(entry[0]) for entry in (*scene[1], *scene[2])}

    def noting(tensor, *args, **kwargs):
        if id(tensor) in embeddings:
            looks.append(tensor)
        return any_of(tensor, *args, **kwargs)

    model = add_hooks(scene[0], [Bare()])
    monkeypatch.setattr(torch.Tensor, "any", noting)
    sample(model, scene, steps=3)
    assert len(looks) == 1  # of the tagged prompt; a look waits for the GPU


def test_a_call_tells_which_rows_are_whose(scene):
    seen = []

    class Rows(Bare):
        def attach(self, call):
            seen.extend((prompt.prompt_id, rows) for prompt, rows in call.tagged())
            assert call.run.prompts[seen[0][0]].text == "a red cat"
            return []

    sample(add_hooks(scene[0], [Rows()]), scene, steps=1)
    assert [prompt for prompt, _ in seen] == [prompts_of(scene[1])[0].id]
    assert len(range(2)[seen[0][1]]) == 1  # of the positive and the negative row
