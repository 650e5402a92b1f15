// Sums that read more than the first cache holds, chunk by chunk; see Chunks in ops.hpp.
#pragma once

#include <cstdint>

#include "adders.hpp"
#include "ops.hpp"
#include "sum_parts.hpp"

namespace gxnor {

// A counter of PLANES planes that stay in registers. PLANES may be more than the counter needs.
template <class V, int PLANES>
struct Registers {
    RegOf<V> plane[PLANES];

    // Recursion, not loops: only then do all compilers keep the planes in registers.
    template <int K = 0>
    [[gnu::always_inline]] void load(const std::uint64_t* kept) {
        plane[K] = V::load(kept + K * V::words);
        if constexpr (K + 1 < PLANES) load<K + 1>(kept);
    }
    template <int K = 0>
    [[gnu::always_inline]] void store(std::uint64_t* kept) const {
        V::store(kept + K * V::words, plane[K]);
        if constexpr (K + 1 < PLANES) store<K + 1>(kept);
    }
    template <int K = 0>
    [[gnu::always_inline]] void complement() {
        plane[K] = V::not_(plane[K]);
        if constexpr (K + 1 < PLANES) complement<K + 1>();
    }

    // Carries a bit of weight 2^K upwards.
    template <int K>
    [[gnu::always_inline]] void carry_up(RegOf<V> carry) {
        if constexpr (K < PLANES) {
            const RegOf<V> next = V::and_(plane[K], carry);
            plane[K] = V::xor_(plane[K], carry);
            carry_up<K + 1>(next);
        }
    }

    // The last entries, fewer than make 2^(LEVEL+2) bits.
    template <int LEVEL, int WIDTH>
    [[gnu::always_inline]] void add_last(const std::uint64_t* base, const std::uint32_t* list, std::int64_t bits) {
        if constexpr (LEVEL >= 0) {
            if (bits & (std::int64_t{2} << LEVEL)) {
                carry_up<LEVEL + 1>(add_tree<V, LEVEL, WIDTH>(plane, base, list));
                list += (2 << LEVEL) / WIDTH;
            }
            add_last<LEVEL - 1, WIDTH>(base, list, bits);
        } else if (bits & 1) {
            carry_up<0>(V::load(base + std::size_t{list[0]} * V::words));
        }
    }

    // Adds a list. The carries of the last whole tree and of a half one go up together.
    template <int WIDTH>
    [[gnu::always_inline]] void add(const std::uint64_t* base, const std::uint32_t* list, std::int64_t count) {
        constexpr int top = V::tree_top;
        constexpr std::int64_t block = (std::int64_t{2} << top) / WIDTH;
        static_assert(top + 1 < PLANES);
        for (; count >= 2 * block; count -= block, list += block) carry_up<top + 1>(add_tree<V, top, WIDTH>(plane, base, list));
        RegOf<V> whole = V::fill(false), half = V::fill(false);
        if (count >= block) {
            whole = add_tree<V, top, WIDTH>(plane, base, list);
            count -= block;
            list += block;
        }
        if (count >= block / 2) {
            const RegOf<V> carry = add_tree<V, top - 1, WIDTH>(plane, base, list);
            half = V::and_(plane[top], carry);
            plane[top] = V::xor_(plane[top], carry);
            count -= block / 2;
            list += block / 2;
        }
        const RegOf<V> carry = V::majority(plane[top + 1], whole, half);
        plane[top + 1] = V::sum3(plane[top + 1], whole, half);
        carry_up<top + 2>(carry);
        if (count) add_last<top - 2, WIDTH>(base, list, count * WIDTH);
    }
};

// Any counter, in memory: entries may go to any of its planes.
template <class V>
inline void add_piece(RegOf<V>* counter, int planes, const std::uint64_t* base, const Piece& piece,
                      const std::uint32_t* entries) {
    if (piece.width == 2)
        add_list<V, 2>(counter + piece.level, planes - piece.level, base, entries + piece.first, piece.count);
    else
        add_list<V, 1>(counter + piece.level, planes - piece.level, base, entries + piece.first, piece.count);
}

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
            add_piece<V>(counter, planes, base_of<V>(*cursor.piece, reaches, column), *cursor.piece, chunks.entries);
            work += cursor.piece->count * cursor.piece->width;
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
