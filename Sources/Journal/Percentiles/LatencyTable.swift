import Synchronization

/// One event loop's counts of one measure, over the whole life of the process: 1,024 cells of 32 bits, 4 KiB.
///
/// Recording is one relaxed increment. Nothing is ever reset; a window is the difference of two readings, which is right
/// across the wrap of a cell as long as it counts fewer than 2^32 in the window.
final class LatencyTable: Sendable {
    private let cells = InlineArray<1_024, Atomic<UInt32>> { _ in Atomic(0) }

    func record(_ cell: Int) {
        guard cells.indices.contains(cell) else { return }
        cells[cell].wrappingAdd(1, ordering: .relaxed)
    }

    /// Adds the counts to `sum`, which has as many cells.
    func add(to sum: inout [UInt32]) {
        for index in sum.indices where index < cells.count {
            sum[index] &+= cells[index].load(ordering: .relaxed)
        }
    }
}
