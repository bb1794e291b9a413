"""Who is in a training picture, and the names that photos give."""

from __future__ import annotations

import torch

from facepersona_core.face2diffusion.mapping import MappingConfig, MappingNetwork
from training.embedded.names import PhotoNames, slots
from training.embedded.who import OtherPhotos, TrueFeatures, same_person

PERSON = torch.tensor([0, 0, 0, 1, 1])
SMALL = MappingConfig(identity=6, expression=4, hidden=8, text=5)


def test_true_features_are_those_of_the_person_in_the_picture() -> None:
    who = TrueFeatures(torch.tensor([[1.0], [2.0]]), PERSON)
    assert who(torch.tensor([4, 0]), torch.Generator()).tolist() == [[2.0], [1.0]]


def test_other_photos_are_of_the_same_person_and_any_of_them() -> None:
    vectors = torch.arange(10.0).view(2, 5, 1).half()
    who, source = OtherPhotos(vectors, same_person(PERSON)), torch.Generator().manual_seed(0)
    index = torch.tensor([0, 3]).repeat(60)
    seen = who(index, source)[:, 0]
    assert set(seen[0::2].tolist()) == {0.0, 1.0, 2.0, 5.0, 6.0, 7.0}
    assert set(seen[1::2].tolist()) == {3.0, 4.0, 8.0, 9.0}


def test_photo_names_are_the_words_of_the_mapping_network() -> None:
    torch.manual_seed(0)
    mapping = MappingNetwork(SMALL).eval()
    torch.nn.init.normal_(mapping.null_exp)
    identity, expression = torch.randn(3, 6), torch.randn(3, 4)
    told = torch.tensor([True, False, True])
    names = PhotoNames(mapping)(identity, slots(expression, told))
    assert names.shape == (3, 2, 5)
    with_slot, without = mapping(identity, expression), mapping(identity)
    for row, is_told in enumerate(told.tolist()):
        for word in (0, 1):
            assert torch.allclose(names[row, word], (with_slot if is_told else without)[word][row], atol=1e-6)


def test_the_shape_of_a_mapping_network_is_read_off_its_weights() -> None:
    assert MappingConfig.of(MappingNetwork(SMALL).state_dict()) == SMALL
