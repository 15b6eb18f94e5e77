"""The concept stream as data: what sees what, and where words stand."""

import torch

from hrv_pack.hrv.families.stream import Stream, put_back, stream_rows, without

STREAM = Stream(torch.randn(3, 4), (2, 1), (5, 6, 5))


def test_words_stand_behind_the_prompt_and_can_be_taken_out():
    context = torch.randn(2, 7, 4)
    both = STREAM.behind(context)
    words, image = stream_rows(7, 3, 14)
    assert torch.equal(without(words, both, 1), context) and image == slice(10, 14)
    assert torch.equal(both[1, words], STREAM.tokens)
    sequence = torch.randn(2, 14, 4)
    rest = without(words, sequence, 1)
    assert torch.equal(put_back(words, rest, sequence[:, words], 1), sequence)
    assert stream_rows(7, 3, 10) is None


def test_a_word_sees_its_own_tokens_and_the_image():
    zero, never = 0.0, -torch.inf
    mask = STREAM.mask(torch.zeros(1), 2)
    assert mask.tolist() == [
        [zero, zero, never, zero, zero],
        [zero, zero, never, zero, zero],
        [never, never, zero, zero, zero],
    ]


def test_a_word_has_the_number_that_it_would_have_alone():
    counted = torch.arange(4.0, 14.0)[None, :, None].expand(2, -1, 3)
    found = STREAM.numbered(counted)
    assert torch.equal(found[:, :7], counted[:, :7])
    assert found[0, 7:, 0].tolist() == [9.0, 10.0, 9.0]
    assert bool((STREAM.numbered(torch.zeros(1, 10, 3)) == 0).all())
