// The Python face of the neurons form.
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "bindings.hpp"
#include "isa.hpp"
#include "neuron_program.hpp"

namespace gxnor {
namespace {

std::vector<std::int32_t> words_of(const Isa& isa) {
    std::vector<std::int32_t> words;
    for (const Width& width : isa.widths) words.push_back(width.words);
    return words;
}

// A program for one instruction set and the memory its runs leave for the next.
struct PythonNeuronProgram : NeuronProgram {
    explicit PythonNeuronProgram(const Isa& used) : NeuronProgram(words_of(used)), isa(used) {}

    const Isa& isa;
    Shelf<NeuronMemory> shelf;
};

constexpr int most_lanes = 1 << 16;  // samples of a block

WeightsSpec make_weights(std::int32_t source, const WindowTuple& window, std::int64_t together, std::int64_t first_channel,
                         std::int64_t outputs, const Values<std::uint64_t>& positive, const Values<std::uint64_t>& negative,
                         std::int64_t first_level, const Values<std::uint64_t>& table, std::int32_t words,
                         std::vector<std::array<std::int32_t, 3>> planes, std::int64_t lowest, std::int64_t low,
                         std::int32_t counter_planes) {
    return {source,      window_of(window), together,          first_channel,   outputs,
            values_of(positive), values_of(negative), first_level, values_of(table), words,
            std::move(planes), lowest, low, counter_planes};
}

MovesSpec make_moves(std::int32_t source, const WindowTuple& window, std::int64_t first_channel, std::int64_t gain,
                     const Values<std::uint8_t>& minimum) {
    return {source, window_of(window), first_channel, gain, values_of(minimum)};
}

std::int32_t add_layer(PythonNeuronProgram& program, std::pair<std::int64_t, std::int64_t> image, std::int64_t channels,
                       bool readout, bool keeps_sums, std::int64_t lowest, std::int64_t highest,
                       const Values<std::int64_t>& bounds, const Values<std::uint8_t>& inverted,
                       const Values<std::int64_t>& rises, const std::vector<WeightsSpec>& weights,
                       const std::vector<MovesSpec>& moves) {
    return program.add_layer({image.first, image.second, channels, readout, keeps_sums, lowest, highest, values_of(bounds),
                              values_of(inverted), values_of(rises)},
                             weights, moves);
}

std::int64_t add_rows(PythonNeuronProgram& program, std::int32_t layer, std::int32_t magnitude_planes,
                      const std::vector<std::pair<std::int32_t, Values<std::int64_t>>>& rows) {
    std::vector<RowSpec> specs;
    for (const auto& row : rows) specs.push_back({static_cast<Mask>(row.first), values_of(row.second)});
    return program.add_rows(layer, magnitude_planes, specs);
}

bool run_program(PythonNeuronProgram& program, std::int64_t samples, const Inputs& inputs,
                 const Readouts& readouts, const Records& records, const Tallies& tallies, int lanes, int threads,
                 nb::object progress, std::int64_t first, std::int64_t last) {
    const RunArrays run = arrays_of(
        program, program.n_layers(), samples, inputs, readouts, records, tallies,
        [&](std::int32_t index) {
            const NeuronLayer& layer = program.layer(index);
            return layer.height * layer.width * layer.channels;
        },
        [&](std::int32_t index) { return program.layer(index).readout < 0; });
    const Arrays arrays = run.view();
    const Share share = share_of(samples, first, last, lanes, threads, most_lanes);
    return without_lock(std::move(progress), [&](const TickFunction& tick) {
        return run_neurons(program.isa, program, program.shelf, arrays, share, tick);
    });
}

}  // namespace

void bind_neurons(nb::module_& m) {
    nb::class_<WeightsSpec>(m, "Weights").def_static("make", &make_weights);
    nb::class_<MovesSpec>(m, "Moves").def_static("make", &make_moves);
    nb::class_<PythonNeuronProgram>(m, "NeuronProgram")
        .def("__init__",
             [](PythonNeuronProgram* self, const std::string& isa) { new (self) PythonNeuronProgram(isa_by_name(isa)); })
        .def("add_input",
             [](PythonNeuronProgram& p, std::pair<std::int64_t, std::int64_t> image, std::int64_t channels, std::int64_t low,
                std::int64_t high, const Values<std::uint8_t>& allowed) {
                 return p.add_input(image.first, image.second, channels, {low, high, values_of(allowed)});
             })
        .def("add_layer", &add_layer)
        .def("add_rows", &add_rows)
        .def_prop_ro("n_rows", [](const PythonNeuronProgram& p) { return p.n_rows(); })
        .def("run", &run_program, nb::arg("samples"), nb::arg("inputs").noconvert(), nb::arg("readouts").noconvert(),
             nb::arg("records").noconvert(), nb::arg("tallies").none().noconvert(), nb::arg("lanes"), nb::arg("threads"), nb::arg("progress").none(),
             nb::arg("first") = 0, nb::arg("last") = -1);
}

}  // namespace gxnor
