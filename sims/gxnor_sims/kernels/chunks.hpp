// Sums that read more than the first cache holds, chunk by chunk; see Chunks in ops.hpp.
#pragma once

#include <cstdint>

#include "adders.hpp"
#include "numbers.hpp"
#include "ops.hpp"
#include "registers.hpp"
#include "sum_parts.hpp"

namespace gxnor {

// Where the lists of a place have got to.
struct Cursor {
    const Piece* piece;
    const std::uint16_t* pieces_in;
};

template <class V>
inline const std::uint64_t* base_of(const Piece& piece, const Reach* reaches, std::int64_t column) {
    return reaches[piece.term].base + piece.plane * V::words + column * reaches[piece.term].advance;
}

// One chunk into one channel's counter `kept`, all of whose entries go to plane 0 in pieces of WIDTH.
template <class V, int PLANES, int WIDTH>
inline std::int64_t chunk_in_registers(const Chunks& chunks, const Reach* reaches, std::int64_t column, int,
                                       std::uint64_t* kept, Cursor& cursor) {
    Registers<V, PLANES> counter;
    counter.load(kept);
    const Piece *piece = cursor.piece, *turn = piece + cursor.pieces_in[0], *end = turn + cursor.pieces_in[1];
    std::int64_t work = 0;
    for (; piece < turn; work += piece->count, ++piece)
        counter.template add<WIDTH>(base_of<V>(*piece, reaches, column), chunks.entries + piece->first, piece->count);
    counter.complement();
    for (; piece < end; work += piece->count, ++piece)
        counter.template add<WIDTH>(base_of<V>(*piece, reaches, column), chunks.entries + piece->first, piece->count);
    counter.store(kept);
    cursor.piece = end;
    cursor.pieces_in += 2;
    return work * WIDTH;
}

template <class V>
inline std::int64_t chunk_in_memory(const Chunks& chunks, const Reach* reaches, std::int64_t column, int planes,
                                    std::uint64_t* kept, Cursor& cursor) {
    RegOf<V> counter[counter_room];
    for (int k = 0; k < planes; ++k) counter[k] = V::load(kept + k * V::words);
    for (int k = planes; k < planes + counter_slack; ++k) counter[k] = V::fill(false);
    std::int64_t work = 0;
    for (int half = 0; half < 2; ++half) {
        if (half == 1) complement<V>(counter, planes);
        for (const Piece* end = cursor.piece + *cursor.pieces_in++; cursor.piece < end; ++cursor.piece) {
            const Piece& piece = *cursor.piece;
            add_at<V>(counter, planes, piece.level, piece.width, base_of<V>(piece, reaches, column),
                      chunks.entries + piece.first, piece.count);
            work += piece.count * piece.width;
        }
    }
    for (int k = 0; k < planes; ++k) V::store(kept + k * V::words, counter[k]);
    return work;
}

template <class V>
using AddChunk = std::int64_t (*)(const Chunks&, const Reach*, std::int64_t, int, std::uint64_t*, Cursor&);

template <class V, int WIDTH>
inline AddChunk<V> add_chunk_of(std::int32_t kept_planes) {
    switch (kept_planes) {
        case 10: return chunk_in_registers<V, 10, WIDTH>;
        case 12: return chunk_in_registers<V, 12, WIDTH>;
        case 14: return chunk_in_registers<V, 14, WIDTH>;
        case 16: return chunk_in_registers<V, 16, WIDTH>;
        default: return chunk_in_memory<V>;
    }
}

// All channels at one place.
template <class V>
inline bool run_chunks(const SumOp& op, const Slab& target, Frame& frame, std::int64_t place, std::int64_t column,
                       std::uint64_t* out) {
    const Chunks& chunks = op.chunks;
    const std::int64_t pattern = chunks.pattern[place], stride = chunks.kept_planes * V::words;
    const AddChunk<V> add = chunks.plain_width == 2   ? add_chunk_of<V, 2>(chunks.kept_planes)
                            : chunks.plain_width == 1 ? add_chunk_of<V, 1>(chunks.kept_planes)
                                                      : chunk_in_memory<V>;
    Cursor cursor{chunks.pieces + chunks.piece_start[pattern], chunks.pieces_in + pattern * chunks.count * op.channels * 2};
    for (std::int64_t block = 0; block < op.channels; block += chunks.channel_block) {
        const std::int64_t stop = block + chunks.channel_block < op.channels ? block + chunks.channel_block : op.channels;
        for (std::int64_t channel = block; channel < stop; ++channel)
            start_counter<V>(frame.sums + (channel - block) * stride, op, chunks.kept_planes, frame.reaches, channel);
        for (std::int64_t chunk = 0; chunk < chunks.count; ++chunk)
            for (std::int64_t channel = block; channel < stop; ++channel) {
                std::uint64_t* kept = frame.sums + (channel - block) * stride;
                if (stopped(frame.poll, add(chunks, frame.reaches, column, op.counter_planes, kept, cursor) + 32)) return false;
            }
        for (std::int64_t channel = block; channel < stop; ++channel) {
            RegOf<V> counter[counter_room];
            const std::uint64_t* kept = frame.sums + (channel - block) * stride;
            for (int k = 0; k < op.counter_planes; ++k) counter[k] = V::load(kept + k * V::words);
            if (chunks.count % 2 == 0) complement<V>(counter, op.counter_planes);
            emit<V>(op, target, counter, channel, out + channel * target.planes * V::words);
        }
    }
    return true;
}

}  // namespace gxnor
