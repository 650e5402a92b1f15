#include "runner.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace gxnor {
namespace {

constexpr auto tick_time = std::chrono::milliseconds(50);

struct Shared {
    const Share& share;
    const TickFunction& tick;
    std::atomic<std::int64_t> next{0};
    std::atomic<std::int64_t> finished{0};
    std::atomic<bool> stop{false};
    std::atomic<bool> bad_level{false};
    std::mutex mutex{};
    std::condition_variable left{};
    int working = 0;  // helper threads, under the mutex
};

// A helper thread only looks at the flag; the calling thread also ticks.
struct WorkerPoll : Poll {
    Shared* shared;
    bool ticks;
    std::chrono::steady_clock::time_point last;
};

void tick_now(WorkerPoll& poll) {
    poll.last = std::chrono::steady_clock::now();
    if (poll.shared->tick(poll.shared->finished.load())) poll.shared->stop = true;
}

bool check(Poll* base) {
    WorkerPoll& poll = *static_cast<WorkerPoll*>(base);
    if (poll.ticks && std::chrono::steady_clock::now() - poll.last >= tick_time) tick_now(poll);
    return poll.shared->stop.load(std::memory_order_relaxed);
}

// Runs blocks until none is left. Memory gives the frame that `run_block(frame, first, lanes)` works in.
template <class Memory, class RunBlockOf>
class Worker {
public:
    Worker(Shared& shared, Shelf<Memory>& shelf, std::unique_ptr<Memory> memory, const RunBlockOf& run_block, bool ticks)
        : shared_(shared), shelf_(shelf), memory_(std::move(memory)), run_block_(run_block) {
        poll_.check = check;
        poll_.budget = poll_budget;
        poll_.shared = &shared;
        poll_.ticks = ticks;
        poll_.last = std::chrono::steady_clock::now();
    }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    ~Worker() { shelf_.put(std::move(memory_)); }

    void work() {
        auto frame = memory_->frame(&poll_);
        const Share& share = shared_.share;
        while (!check(&poll_)) {
            const std::int64_t first = share.first + shared_.next.fetch_add(1) * share.lanes;
            if (first >= share.last) return;
            const int lanes = static_cast<int>(std::min<std::int64_t>(share.lanes, share.last - first));
            if (!run_block_(frame, first, lanes)) {
                if (frame.bad_level) shared_.bad_level = shared_.stop = true;
                return;
            }
            shared_.finished += lanes;
        }
    }

    WorkerPoll& poll() { return poll_; }

private:
    Shared& shared_;
    Shelf<Memory>& shelf_;
    std::unique_ptr<Memory> memory_;
    const RunBlockOf& run_block_;
    WorkerPoll poll_{};
};

// Helper threads; whatever happens, they are told to stop and joined.
class Helpers {
public:
    explicit Helpers(Shared& shared) : shared_(shared) {}
    Helpers(const Helpers&) = delete;
    Helpers& operator=(const Helpers&) = delete;
    ~Helpers() {
        shared_.stop = true;
        for (std::thread& thread : threads_) thread.join();
    }

    // False where the system gives no more threads: those at work share out the blocks all the same.
    template <class AnyWorker>
    bool start(AnyWorker& worker) {
        try {
            threads_.emplace_back([this, &worker] {
                worker.work();
                const std::lock_guard<std::mutex> lock(shared_.mutex);
                --shared_.working;
                shared_.left.notify_one();
            });
        } catch (const std::system_error&) {
            return false;
        }
        const std::lock_guard<std::mutex> lock(shared_.mutex);
        ++shared_.working;
        return true;
    }

    void wait(WorkerPoll& poll) {
        std::unique_lock<std::mutex> lock(shared_.mutex);
        while (!shared_.left.wait_for(lock, tick_time, [this] { return shared_.working == 0; })) {
            lock.unlock();
            check(&poll);
            lock.lock();
        }
    }

private:
    Shared& shared_;
    std::vector<std::thread> threads_;
};

template <class Memory, class Take, class RunBlockOf>
Outcome run_blocks(Shelf<Memory>& shelf, const Share& share, const TickFunction& tick, const Take& take,
                   const RunBlockOf& run_block) {
    Shared shared{share, tick};
    const std::int64_t blocks = (share.last - share.first + share.lanes - 1) / share.lanes;
    const std::int64_t count = std::max<std::int64_t>(1, std::min<std::int64_t>(share.threads, blocks));
    std::vector<std::unique_ptr<Worker<Memory, RunBlockOf>>> workers;
    for (std::int64_t i = 0; i < count; ++i)
        workers.push_back(std::make_unique<Worker<Memory, RunBlockOf>>(shared, shelf, take(), run_block, i == 0));
    {
        Helpers helpers(shared);
        for (std::size_t i = 1; i < workers.size() && helpers.start(*workers[i]); ++i) {
        }
        workers[0]->work();
        if (count > 1) helpers.wait(workers[0]->poll());
    }
    if (shared.bad_level) return Outcome::bad_level;
    return shared.finished == share.last - share.first ? Outcome::finished : Outcome::stopped;
}

}  // namespace

Outcome run_samples(const Width& width, Program& program, Shelf<SampleMemory>& shelf, const Arrays& arrays,
                    const Share& share, const TickFunction& tick) {
    const ProgramView view = program.view();
    const auto take = [&] {
        auto memory = shelf.take([&](const SampleMemory& piece) { return piece.words() == width.words; });
        return memory ? std::move(memory) : std::make_unique<SampleMemory>(program.needs(), width.words);
    };
    const auto block = [&](Frame& frame, std::int64_t first, int lanes) {
        return width.run_block(view, arrays, frame, first, lanes);
    };
    return run_blocks(shelf, share, tick, take, block);
}

Outcome run_neurons(const Isa& isa, NeuronProgram& program, Shelf<NeuronMemory>& shelf, const Arrays& arrays,
                    const Share& share, const TickFunction& tick) {
    const NeuronView view = program.view();
    const auto take = [&] {
        auto memory = shelf.take([](const NeuronMemory&) { return true; });
        return memory ? std::move(memory) : std::make_unique<NeuronMemory>(program.needs());
    };
    const auto block = [&](NeuronFrame& frame, std::int64_t first, int lanes) {
        return isa.run_neurons(view, arrays, frame, first, lanes);
    };
    return run_blocks(shelf, share, tick, take, block);
}

}  // namespace gxnor
