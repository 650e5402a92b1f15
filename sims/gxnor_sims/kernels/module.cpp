// The Python face of the kernels. It checks what comes in and holds no logic of its own.
#include <string>
#include <utility>
#include <vector>

#include "bindings.hpp"
#include "isa.hpp"

namespace gxnor {
namespace {

// A program and the memory its runs leave for the next.
struct SampleProgram : Program {
    Shelf<SampleMemory> shelf;
};

TermSpec make_term(std::int32_t source, const WindowTuple& window, std::int64_t first_channel, std::int64_t outputs,
                   std::vector<std::array<std::int32_t, 2>> digits, const Values<std::int64_t>& runs,
                   const Values<std::int32_t>& channels, const Values<std::int64_t>& constants) {
    return {source,          window_of(window),    first_channel,      outputs, std::move(digits),
            values_of(runs), values_of(channels), values_of(constants)};
}

void add_sum(SampleProgram& program, std::int32_t target, std::pair<std::int64_t, std::int64_t> out, std::int32_t counter_planes,
             const Values<std::int64_t>& lows, bool keeps_sums, const Values<std::uint64_t>& thresholds,
             const Values<std::uint8_t>& inverted, const Values<std::uint64_t>& rises, const std::vector<TermSpec>& terms) {
    program.add_sum({target, out.first, out.second, counter_planes, values_of(lows), keeps_sums, values_of(thresholds),
                     values_of(inverted), values_of(rises)},
                    terms);
}

void add_pool(SampleProgram& program, std::int32_t source, std::int32_t target, const WindowTuple& window,
              std::pair<std::int64_t, std::int64_t> out, std::int64_t first_channel, const Values<std::uint8_t>& minimum) {
    program.add_pool(source, target, window_of(window), out.first, out.second, first_channel, values_of(minimum));
}

std::int64_t add_done(SampleProgram& program, std::int32_t slab, std::int32_t magnitude_planes,
                      const std::vector<std::pair<std::int32_t, Values<std::int64_t>>>& rows) {
    std::vector<RowSpec> specs;
    for (const auto& row : rows) specs.push_back({static_cast<Mask>(row.first), values_of(row.second)});
    return program.add_done(slab, magnitude_planes, specs);
}

std::int64_t add_reached(SampleProgram& program, std::int32_t target, std::pair<std::int64_t, std::int64_t> out,
                         const std::vector<TermSpec>& terms) {
    return program.add_reached({target, out.first, out.second}, terms);
}

bool run_program(SampleProgram& program, const std::string& isa_name, std::int64_t samples, const Inputs& inputs,
                 const Readouts& readouts, const Records& records, const Tallies& tallies, int lanes, int threads,
                 nb::object progress, std::int64_t first, std::int64_t last, int words) {
    const Isa& isa = isa_by_name(isa_name);
    const Width& width = isa.width(words ? words : isa.words());
    const RunArrays run = arrays_of(
        program, program.n_slabs(), samples, inputs, readouts, records, tallies,
        [&](std::int32_t slab) { return program.slab(slab).positions * program.slab(slab).channels; },
        [&](std::int32_t slab) { return program.is_done(slab); });
    const Arrays arrays = run.view();
    const Share share = share_of(samples, first, last, lanes, threads, 64 * width.words);
    return without_lock(std::move(progress), [&](const TickFunction& tick) {
        return run_samples(width, program, program.shelf, arrays, share, tick);
    });
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
        if (isa.present || !present_only) names.emplace_back(isa.name, 64 * isa.words());
    return names;
}

std::vector<int> widths(const std::string& name) {
    std::vector<int> words;
    for (const Width& width : isa_by_name(name).widths) words.push_back(width.words);
    return words;
}

}  // namespace
}  // namespace gxnor

NB_MODULE(_kernels, m) {
    using namespace gxnor;
    m.doc() = "Bit-sliced kernels of the native engine; gxnor_sims.native is their only user.";
    m.def("isas", &isas, nb::arg("present_only"), "(name, lanes) of the instruction sets, the widest last.");
    m.def("measure_ops", &measure, nb::arg("isa"), nb::arg("seconds"),
          "(logic instructions on whole vectors that this core does per second, instructions of a full adder).");
    m.def("widths", &widths, nb::arg("isa"), "Words of 64 lanes of the vectors of an instruction set, the widest last.");
    nb::class_<TermSpec>(m, "Term").def_static("make", &make_term);
    nb::class_<SampleProgram>(m, "Program")
        .def(nb::init<>())
        .def("add_slab",
             [](SampleProgram& p, std::int64_t positions, std::int64_t channels, std::int32_t planes, bool thermometer,
                std::int64_t lowest, std::int64_t step) {
                 return p.add_slab(positions, channels, planes, thermometer ? Form::thermometer : Form::binary, lowest, step);
             })
        .def("add_input",
             [](SampleProgram& p, std::int32_t slab, std::int64_t low, std::int64_t high,
                const Values<std::uint8_t>& allowed) { return p.add_input(slab, {low, high, values_of(allowed)}); })
        .def("add_sum", &add_sum)
        .def("add_pool", &add_pool)
        .def("add_done", &add_done)
        .def("add_readout", [](SampleProgram& p, std::int32_t slab) { return p.add_readout(slab); })
        .def("add_part",
             [](SampleProgram& p, std::int32_t source, std::int32_t target, std::int64_t lowest, std::int64_t step,
                std::int32_t part) { p.add_part(source, target, lowest, step, static_cast<Part>(part)); })
        .def("add_reached", &add_reached)
        .def_prop_ro("n_rows", [](const SampleProgram& p) { return p.n_rows(); })
        .def_prop_ro("chunks", [](const SampleProgram& p) { return p.chunks(); })
        .def_prop_ro("arena_planes", [](const SampleProgram& p) { return p.needs().arena_planes; })
        .def("run", &run_program, nb::arg("isa"), nb::arg("samples"), nb::arg("inputs").noconvert(), nb::arg("readouts").noconvert(),
             nb::arg("records").noconvert(), nb::arg("tallies").none().noconvert(), nb::arg("lanes"), nb::arg("threads"), nb::arg("progress").none(),
             nb::arg("first") = 0, nb::arg("last") = -1, nb::arg("words") = 0);
    bind_neurons(m);
}
