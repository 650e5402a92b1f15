// The Python face of the kernels. It checks what comes in and holds no logic of its own.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/array.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <array>
#include <exception>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "isa.hpp"
#include "program.hpp"
#include "runner.hpp"

namespace nb = nanobind;

namespace gxnor {
namespace {

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

Window window_of(const WindowTuple& t) { return {t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8], t[9], t[10]}; }

void require(bool good, const std::string& what) {
    if (!good) throw std::invalid_argument("run: " + what);
}

TermSpec make_term(std::int32_t source, const WindowTuple& window, std::int64_t first_channel, std::int64_t outputs,
                   std::vector<std::array<std::int32_t, 2>> digits, const Values<std::int64_t>& runs,
                   const Values<std::int32_t>& channels, const Values<std::int64_t>& constants) {
    return {source,          window_of(window),    first_channel,      outputs, std::move(digits),
            values_of(runs), values_of(channels), values_of(constants)};
}

void add_sum(Program& program, std::int32_t target, std::pair<std::int64_t, std::int64_t> out, std::int32_t counter_planes,
             const Values<std::int64_t>& lows, bool keeps_sums, const Values<std::uint64_t>& thresholds,
             const Values<std::uint8_t>& inverted, const Values<std::uint64_t>& rises, const std::vector<TermSpec>& terms) {
    program.add_sum({target, out.first, out.second, counter_planes, values_of(lows), keeps_sums, values_of(thresholds),
                     values_of(inverted), values_of(rises)},
                    terms);
}

void add_pool(Program& program, std::int32_t source, std::int32_t target, const WindowTuple& window,
              std::pair<std::int64_t, std::int64_t> out, std::int64_t first_channel, const Values<std::uint8_t>& minimum) {
    program.add_pool(source, target, window_of(window), out.first, out.second, first_channel, values_of(minimum));
}

std::int64_t add_done(Program& program, std::int32_t slab, std::int32_t magnitude_planes,
                      const std::vector<std::pair<std::int32_t, Values<std::int64_t>>>& rows) {
    std::vector<RowSpec> specs;
    for (const auto& row : rows) specs.push_back({static_cast<Mask>(row.first), values_of(row.second)});
    return program.add_done(slab, magnitude_planes, specs);
}

std::int64_t add_reached(Program& program, std::int32_t target, std::pair<std::int64_t, std::int64_t> out,
                         const std::vector<TermSpec>& terms) {
    return program.add_reached({target, out.first, out.second}, terms);
}

std::int64_t size_of(const Slab& slab) { return slab.positions * slab.channels; }

InputArray input_of(const Levels& array, const Slab& slab, std::int64_t samples) {
    require(array.ndim() >= 2 && static_cast<std::int64_t>(array.shape(0)) == samples, "an input has a wrong sample count");
    std::int64_t size = 1;
    for (std::size_t axis = array.ndim() - 1; axis >= 1; --axis) {
        const std::int64_t extent = static_cast<std::int64_t>(array.shape(axis));
        require(extent == 1 || array.stride(axis) == size, "an input is not contiguous inside a sample");
        require(extent <= size_of(slab), "an input has a wrong size");
        size *= extent;
    }
    require(size == size_of(slab), "an input has a wrong size");
    const nb::dlpack::dtype type = array.dtype();
    const bool is_signed = type.code == static_cast<std::uint8_t>(nb::dlpack::dtype_code::Int);
    require(is_signed || type.code == static_cast<std::uint8_t>(nb::dlpack::dtype_code::UInt), "an input is not integer");
    std::int32_t power = 0;  // of two, of the item's bytes
    while (power < 3 && type.bits != 8 << power) ++power;
    require(type.bits == 8 << power && type.lanes == 1, "an input has an unknown integer type");
    const auto* data = static_cast<const unsigned char*>(array.data());
    require(reinterpret_cast<std::uintptr_t>(data) % (std::size_t{1} << power) == 0, "an input is not aligned");
    return {data, array.stride(0) * (std::int64_t{1} << power), static_cast<DType>(2 * power + (is_signed ? 0 : 1))};
}

template <class T>
T* result_of(const Result<T>& array, std::int64_t rows, std::int64_t columns) {
    const bool fits = columns == 0 || rows <= std::numeric_limits<std::int64_t>::max() / columns;
    require(fits && static_cast<std::int64_t>(array.size()) == rows * columns, "a result array has a wrong size");
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

void run_program(Program& program, const std::string& isa_name, std::int64_t samples, const std::vector<Levels>& inputs,
                 const std::vector<Result<std::int64_t>>& readouts,
                 const std::vector<std::pair<std::int32_t, Result<std::int16_t>>>& records,
                 const std::optional<Result<std::int64_t>>& tallies, int lanes, int threads, nb::object progress) {
    const Isa& isa = isa_by_name(isa_name);
    require(samples >= 0 && samples <= max_samples && lanes >= 1 && lanes <= 64 * isa.words && threads >= 1, "samples, lanes or threads out of range");
    require(inputs.size() == program.inputs().size(), "wrong number of inputs");
    require(readouts.size() == program.readouts().size(), "wrong number of readouts");
    std::vector<InputArray> in;
    for (std::size_t i = 0; i < inputs.size(); ++i)
        in.push_back(input_of(inputs[i], program.slab(program.inputs()[i]), samples));
    std::vector<std::int64_t*> out;
    for (std::size_t i = 0; i < readouts.size(); ++i)
        out.push_back(result_of(readouts[i], samples, size_of(program.slab(program.readouts()[i]))));
    std::vector<std::int16_t*> kept(program.n_slabs(), nullptr);
    for (const auto& record : records) {
        const Slab& slab = program.slab(record.first);
        require(program.is_done(record.first), "a recorded slab is never complete");
        kept[static_cast<std::size_t>(record.first)] = result_of(record.second, samples, size_of(slab));
    }
    std::int64_t* counts = tallies ? result_of(*tallies, program.n_rows(), samples) : nullptr;
    const Arrays arrays{in.data(), out.data(), kept.data(), counts, samples};
    Tick tick(std::move(progress));
    {
        const nb::gil_scoped_release released;
        run(isa, program, arrays, lanes, threads, [&tick](std::int64_t finished) { return tick(finished); });
    }
    tick.rethrow();
}

std::pair<double, int> measure(const std::string& isa_name, double seconds) {
    const Isa& isa = isa_by_name(isa_name);
    if (!(seconds >= 0.0 && seconds <= 1.0)) throw std::invalid_argument("measure_ops: seconds is not in 0..1");
    const nb::gil_scoped_release released;
    return {measure_ops(isa, seconds), isa.ops_per_adder};
}

std::vector<std::pair<std::string, int>> isas(bool present_only) {
    std::vector<std::pair<std::string, int>> names;
    for (const Isa& isa : built_isas())
        if (isa.present || !present_only) names.emplace_back(isa.name, 64 * isa.words);
    return names;
}

}  // namespace
}  // namespace gxnor

NB_MODULE(_kernels, m) {
    using namespace gxnor;
    m.doc() = "Bit-sliced kernels of the native engine; gxnor_sims.native is their only user.";
    m.def("isas", &isas, nb::arg("present_only"), "(name, lanes) of the instruction sets, the widest last.");
    m.def("measure_ops", &measure, nb::arg("isa"), nb::arg("seconds"),
          "(logic instructions on whole vectors that this core does per second, instructions of a full adder).");
    nb::class_<TermSpec>(m, "Term").def_static("make", &make_term);
    nb::class_<Program>(m, "Program")
        .def(nb::init<>())
        .def("add_slab",
             [](Program& p, std::int64_t positions, std::int64_t channels, std::int32_t planes, bool thermometer,
                std::int64_t lowest, std::int64_t step) {
                 return p.add_slab(positions, channels, planes, thermometer ? Form::thermometer : Form::binary, lowest, step);
             })
        .def("add_input", &Program::add_input)
        .def("add_sum", &add_sum)
        .def("add_pool", &add_pool)
        .def("add_done", &add_done)
        .def("add_readout", &Program::add_readout)
        .def("add_part",
             [](Program& p, std::int32_t source, std::int32_t target, std::int64_t lowest, std::int64_t step,
                std::int32_t part) { p.add_part(source, target, lowest, step, static_cast<Part>(part)); })
        .def("add_reached", &add_reached)
        .def_prop_ro("n_rows", &Program::n_rows)
        .def_prop_ro("chunks", &Program::chunks)
        .def_prop_ro("arena_planes", [](const Program& p) { return p.needs().arena_planes; })
        .def("run", &run_program, nb::arg("isa"), nb::arg("samples"), nb::arg("inputs"), nb::arg("readouts"),
             nb::arg("records"), nb::arg("tallies").none(), nb::arg("lanes"), nb::arg("threads"),
             nb::arg("progress").none());
}
