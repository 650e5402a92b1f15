// What both faces of the kernels check and convert; see module.cpp and module_neurons.cpp.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/array.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <array>
#include <cstdint>
#include <exception>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "program.hpp"
#include "runner.hpp"

namespace nb = nanobind;

namespace gxnor {

template <class T>
using Values = nb::ndarray<const T, nb::c_contig, nb::device::cpu>;
template <class T>
using Result = nb::ndarray<T, nb::c_contig, nb::device::cpu>;
using Levels = nb::ndarray<nb::ro, nb::device::cpu>;
constexpr std::int64_t max_samples = std::int64_t{1} << 48;  // first + lanes of any block stays far from overflow
using WindowTuple = std::array<std::int64_t, 11>;  // in the order of Window's members

template <class T>
std::vector<T> values_of(const Values<T>& array) {
    return std::vector<T>(array.data(), array.data() + array.size());
}

inline Window window_of(const WindowTuple& t) { return {t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8], t[9], t[10]}; }

inline void require_run(bool good, const char* what) {
    if (!good) throw std::invalid_argument(std::string("run: ") + what);
}

// `neurons` levels per sample.
inline InputArray input_of(const Levels& array, std::int64_t neurons, std::int64_t samples) {
    require_run(array.ndim() >= 2 && static_cast<std::int64_t>(array.shape(0)) == samples, "an input has a wrong sample count");
    std::int64_t size = 1;
    for (std::size_t axis = array.ndim() - 1; axis >= 1; --axis) {
        const std::int64_t extent = static_cast<std::int64_t>(array.shape(axis));
        require_run(extent == 1 || array.stride(axis) == size, "an input is not contiguous inside a sample");
        require_run(extent <= neurons, "an input has a wrong size");
        size *= extent;
    }
    require_run(size == neurons, "an input has a wrong size");
    const nb::dlpack::dtype type = array.dtype();
    const bool is_signed = type.code == static_cast<std::uint8_t>(nb::dlpack::dtype_code::Int);
    require_run(is_signed || type.code == static_cast<std::uint8_t>(nb::dlpack::dtype_code::UInt), "an input is not integer");
    std::int32_t power = 0;  // of two, of the item's bytes
    while (power < 3 && type.bits != 8 << power) ++power;
    require_run(type.bits == 8 << power && type.lanes == 1, "an input has an unknown integer type");
    const auto* data = static_cast<const unsigned char*>(array.data());
    require_run(reinterpret_cast<std::uintptr_t>(data) % (std::size_t{1} << power) == 0, "an input is not aligned");
    return {data, array.stride(0) * (std::int64_t{1} << power), static_cast<DType>(2 * power + (is_signed ? 0 : 1))};
}

template <class T>
T* result_of(const Result<T>& array, std::int64_t rows, std::int64_t columns) {
    const bool fits = columns == 0 || rows <= std::numeric_limits<std::int64_t>::max() / columns;
    require_run(fits && static_cast<std::int64_t>(array.size()) == rows * columns, "a result array has a wrong size");
    return array.data();
}

// Asks Python for pending signals and reports progress; keeps the exception that either raised.
class Tick {
public:
    explicit Tick(nb::object callback) : callback_(std::move(callback)) {}

    bool operator()(std::int64_t finished) {
        const nb::gil_scoped_acquire held;
        try {
            if (PyErr_CheckSignals() != 0) throw nb::python_error();
            if (!callback_.is_none()) callback_(finished);
        } catch (...) {
            raised_ = std::current_exception();
            return true;
        }
        return false;
    }

    void rethrow() const {
        if (raised_) std::rethrow_exception(raised_);
    }

private:
    nb::object callback_;
    std::exception_ptr raised_;
};

// What a run reads and writes, as Python gives it.
using Inputs = std::vector<Levels>;
using Readouts = std::vector<Result<std::int64_t>>;
using Records = std::vector<std::pair<std::int32_t, Result<std::int16_t>>>;
using Tallies = std::optional<Result<std::int64_t>>;

// Checked, and ready for the kernels.
struct RunArrays {
    std::vector<InputArray> inputs;
    std::vector<std::int64_t*> readouts;
    std::vector<std::int16_t*> records;
    std::int64_t* tallies;
    std::int64_t samples;

    Arrays view() const { return {inputs.data(), readouts.data(), records.data(), tallies, samples}; }
};

// `size_of(index)` are the neurons of a slab or layer, `recordable(index)` says whether its levels can be kept.
template <class AnyProgram, class SizeOf, class Recordable>
RunArrays arrays_of(const AnyProgram& program, std::size_t parts, std::int64_t samples, const Inputs& inputs,
                    const Readouts& readouts, const Records& records, const Tallies& tallies, const SizeOf& size_of,
                    const Recordable& recordable) {
    require_run(samples >= 0 && samples <= max_samples, "samples out of range");
    require_run(inputs.size() == program.inputs().size(), "wrong number of inputs");
    require_run(readouts.size() == program.readouts().size(), "wrong number of readouts");
    RunArrays run{{}, {}, std::vector<std::int16_t*>(parts, nullptr), nullptr, samples};
    for (std::size_t i = 0; i < inputs.size(); ++i)
        run.inputs.push_back(input_of(inputs[i], size_of(program.inputs()[i]), samples));
    for (std::size_t i = 0; i < readouts.size(); ++i)
        run.readouts.push_back(result_of(readouts[i], samples, size_of(program.readouts()[i])));
    for (const auto& record : records) {
        const std::int64_t size = size_of(record.first);
        require_run(recordable(record.first), "a recorded population is never complete");
        run.records[static_cast<std::size_t>(record.first)] = result_of(record.second, samples, size);
    }
    if (tallies) run.tallies = result_of(*tallies, program.n_rows(), samples);
    return run;
}

// Samples first .. last-1 of `samples`; a negative `last` stands for all.
inline Share share_of(std::int64_t samples, std::int64_t first, std::int64_t last, int lanes, int threads, int most_lanes) {
    const std::int64_t end = last < 0 ? samples : last;
    require_run(first >= 0 && first <= end && end <= samples, "samples out of range");
    require_run(lanes >= 1 && lanes <= most_lanes && threads >= 1, "samples, lanes or threads out of range");
    return {first, end, lanes, threads};
}

// Runs without the interpreter's lock. False if an input holds a level that is not admissible; throws what the
// progress callback or a signal handler raised.
template <class Run>
bool without_lock(nb::object progress, const Run& run) {
    Tick tick(std::move(progress));
    Outcome outcome;
    {
        const nb::gil_scoped_release released;
        outcome = run([&tick](std::int64_t finished) { return tick(finished); });
    }
    tick.rethrow();
    return outcome != Outcome::bad_level;
}

// Adds the neurons form to the module.
void bind_neurons(nb::module_& m);

}  // namespace gxnor
