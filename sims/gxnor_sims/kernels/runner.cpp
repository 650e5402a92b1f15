#include "runner.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

namespace gxnor {
namespace {

constexpr auto tick_time = std::chrono::milliseconds(50);
constexpr std::align_val_t line{64};

struct FreeWords {
    void operator()(std::uint64_t* p) const { ::operator delete(p, line); }
};
using Words = std::unique_ptr<std::uint64_t[], FreeWords>;

Words allocate(std::int64_t planes, int words) {
    const std::size_t bytes = static_cast<std::size_t>(planes) * static_cast<std::size_t>(words) * sizeof(std::uint64_t);
    return Words(static_cast<std::uint64_t*>(::operator new(bytes, line)));
}

struct Shared {
    const Isa& isa;
    const ProgramView view;
    const Arrays& arrays;
    const int lanes;
    const std::function<bool(std::int64_t)>& tick;
    std::atomic<std::int64_t> next{0};
    std::atomic<std::int64_t> finished{0};
    std::atomic<bool> stop{false};
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

class Worker {
public:
    Worker(Shared& shared, const Needs& needs, bool ticks)
        : shared_(shared),
          arena_(allocate(needs.arena_planes, shared.isa.words)),
          masks_(allocate(needs.mask_planes, shared.isa.words)),
          counters_(allocate(needs.counter_planes, shared.isa.words)),
          sums_(allocate(needs.sum_planes, shared.isa.words)),
          lines_(allocate(needs.line_planes, shared.isa.words)),
          lists_(static_cast<std::size_t>(needs.list_entries)),
          readings_(static_cast<std::size_t>(needs.readings)),
          reaches_(static_cast<std::size_t>(needs.reaches)),
          waiting_(static_cast<std::size_t>(needs.waiting)) {
        poll_.check = check;
        poll_.budget = poll_budget;
        poll_.shared = &shared;
        poll_.ticks = ticks;
        poll_.last = std::chrono::steady_clock::now();
    }

    void work() {
        Frame frame{arena_.get(), masks_.get(),     counters_.get(), sums_.get(),     lines_.get(),
                    lists_.data(), readings_.data(), reaches_.data(),  waiting_.data(), &poll_};
        const std::int64_t samples = shared_.arrays.samples;
        while (!check(&poll_)) {
            const std::int64_t first = shared_.next.fetch_add(1) * shared_.lanes;
            if (first >= samples) return;
            const int lanes = static_cast<int>(std::min<std::int64_t>(shared_.lanes, samples - first));
            if (!shared_.isa.run_block(shared_.view, shared_.arrays, frame, first, lanes)) return;
            shared_.finished += lanes;
        }
    }

    WorkerPoll& poll() { return poll_; }

private:
    Shared& shared_;
    Words arena_, masks_, counters_, sums_, lines_;
    std::vector<std::uint32_t> lists_;
    std::vector<Reading> readings_;
    std::vector<Reach> reaches_;
    std::vector<std::int64_t> waiting_;
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
    bool start(Worker& worker) {
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

}  // namespace

bool run(const Isa& isa, Program& program, const Arrays& arrays, int lanes, int threads,
         const std::function<bool(std::int64_t)>& tick) {
    Shared shared{isa, program.view(), arrays, lanes, tick};
    const std::int64_t blocks = (arrays.samples + lanes - 1) / lanes;
    const std::int64_t count = std::max<std::int64_t>(1, std::min<std::int64_t>(threads, blocks));
    std::vector<std::unique_ptr<Worker>> workers;
    for (std::int64_t i = 0; i < count; ++i) workers.push_back(std::make_unique<Worker>(shared, program.needs(), i == 0));
    Helpers helpers(shared);
    for (std::size_t i = 1; i < workers.size() && helpers.start(*workers[i]); ++i) {
    }
    workers[0]->work();
    helpers.wait(workers[0]->poll());
    return !shared.stop;
}

}  // namespace gxnor
