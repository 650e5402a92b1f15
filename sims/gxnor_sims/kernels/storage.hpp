// What programs keep, and the arrays that threads work in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

namespace gxnor {

// Words of memory at the start of a cache line, as wide vectors need them.
struct FreeWords {
    void operator()(std::uint64_t* p) const { ::operator delete(p, std::align_val_t{64}); }
};
using Words = std::unique_ptr<std::uint64_t[], FreeWords>;

inline Words allocate_words(std::int64_t count) {
    const std::size_t bytes = static_cast<std::size_t>(count) * sizeof(std::uint64_t);
    return Words(static_cast<std::uint64_t*>(::operator new(bytes, std::align_val_t{64})));
}

// Arrays that a program's view points to, for as long as the program lives.
class Storage {
public:
    template <class T>
    const T* keep(std::vector<T> values) {
        auto kept = std::make_shared<const std::vector<T>>(std::move(values));
        arrays_.push_back(kept);
        return kept->data();
    }

    const std::uint64_t* keep_aligned(const std::vector<std::uint64_t>& values) {
        std::shared_ptr<std::uint64_t[]> kept = allocate_words(static_cast<std::int64_t>(values.size()));
        if (!values.empty()) std::memcpy(kept.get(), values.data(), values.size() * sizeof(std::uint64_t));
        arrays_.push_back(kept);
        return kept.get();
    }

private:
    std::vector<std::shared_ptr<const void>> arrays_;
};

// Working memory that outlives a run: whoever needs a piece takes one that fits, or makes it, and puts it back.
// What would exceed the limit is let go. A piece has bytes().
template <class T>
class Shelf {
public:
    // A piece of which `fits(piece)` holds; null where there is none.
    template <class Fits>
    std::unique_ptr<T> take(const Fits& fits) {
        const std::lock_guard<std::mutex> lock(mutex_);
        for (std::unique_ptr<T>& piece : pieces_)
            if (fits(*piece)) {
                std::swap(piece, pieces_.back());
                std::unique_ptr<T> taken = std::move(pieces_.back());
                pieces_.pop_back();
                held_ -= taken->bytes();
                return taken;
            }
        return nullptr;
    }

    void put(std::unique_ptr<T> piece) noexcept {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (piece->bytes() > most_bytes - held_) return;
        try {
            const std::int64_t bytes = piece->bytes();
            pieces_.push_back(std::move(piece));
            held_ += bytes;
        } catch (const std::bad_alloc&) {  // no room to remember it: it is let go
        }
    }

private:
    static constexpr std::int64_t most_bytes = 128 << 20;

    std::mutex mutex_;
    std::vector<std::unique_ptr<T>> pieces_;
    std::int64_t held_ = 0;
};

}  // namespace gxnor
