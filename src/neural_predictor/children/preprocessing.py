"""From stored images to what a network sees: scaling, resizing and augmentation, inside the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tensorflow as tf

if TYPE_CHECKING:
    from neural_predictor.config.child_recipes import TrainingRecipe


def scale(images: Any, resolution: int) -> Any:
    """(b, h, w, c) uint8 to (b, resolution, resolution, c) float32 in [-1, 1].

    Images of another size are resized bilinearly with pixel centres at halves and without anti-aliasing, as
    `tf.image.resize` does by default.
    """
    values = tf.cast(images, tf.float32)
    if tuple(images.shape[1:3]) != (resolution, resolution):
        size = (resolution, resolution)
        values = tf.raw_ops.ResizeBilinear(images=values, size=size, half_pixel_centers=True)
    return values / 127.5 - 1


def augment(images: Any, recipe: TrainingRecipe, seed: Any) -> Any:
    """Flip and crop, each image for itself.

    Args:
        images: (b, r, r, c) float32 in [-1, 1].
        recipe: whether, and by how many pixels.
        seed: (2,) int64, what all draws follow from (under XLA they are others than without).
    """
    if not (recipe.flip or recipe.crop):
        return images
    chance, down, right = tf.unstack(tf.random.stateless_uniform((3, tf.shape(images)[0]), seed))
    if recipe.flip:
        images = tf.where(chance[:, None, None, None] < 0.5, tf.reverse(images, [2]), images)
    if recipe.crop:
        side, margin = images.shape[1], (recipe.crop, recipe.crop)
        images = tf.pad(images, ((0, 0), margin, margin, (0, 0)))
        for axis, place in ((1, down), (2, right)):
            start = tf.cast(place * (2 * recipe.crop + 1), tf.int32)
            images = tf.gather(images, start[:, None] + tf.range(side), axis=axis, batch_dims=1)
    return images
