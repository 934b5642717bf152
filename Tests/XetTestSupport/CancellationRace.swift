import Synchronization

/// Cancels tasks that wait while another thread lets them go on.
public enum CancellationRace {
    private final class Count: Sendable {
        let value = Atomic(0)
    }

    /// Lets one task wait for each of the `places`, then wakes all in order and cancels all in order, at the same time.
    ///
    /// Returns when all have ended.
    public static func run<Place: Sendable>(
        _ places: [Place],
        waiting: @escaping @Sendable (Place) async -> Void,
        waking: @escaping @Sendable (Place) async -> Void
    ) async {
        let count = Count()
        await withTaskGroup(of: Void.self) { group in
            await withTaskGroup(of: Void.self) { tasks in
                for place in places {
                    tasks.addTask {
                        count.value.add(1, ordering: .relaxed)
                        await waiting(place)
                    }
                }
                while count.value.load(ordering: .relaxed) < places.count { await Task.yield() }
                group.addTask {
                    count.value.store(0, ordering: .relaxed)
                    for place in places { await waking(place) }
                }
                while count.value.load(ordering: .relaxed) > 0 { await Task.yield() }
                tasks.cancelAll()
            }
        }
    }
}
