/// The multiples d · 2^(7·i) · P of one point P, for each window i and each d from 1 to 64: any multiple of P is a sum of
/// at most one of them, or its negative, from each window.
///
/// 37 windows of 7 bits, of which the last one needs 8 entries only: 2,312 points of 64 bytes, 147,968 bytes in all.
/// Made once and never changed.
///
/// Sendable without the compiler's proof: the memory is written by `init` alone, before anybody else has the table, and
/// freed by `deinit`, when nobody has it any more.
final class PointTable: @unchecked Sendable {
    /// Bits of a window.
    static let width = 7
    static let windows = 37
    /// Entries of a window.
    static let multiples = 64
    /// Entries of the last window: its digit is at most the top 3 bits of 255, and a carry.
    static let last = 8
    static let count = (windows - 1) * multiples + last
    static let byteCount = count * MemoryLayout<AffinePoint>.stride

    /// A cache line each; the elements of an array would lie across two.
    private let points: UnsafeMutableBufferPointer<AffinePoint>

    /// Makes the table of `point`, which takes some milliseconds; `nil` where a multiple is at infinity, which cannot be
    /// for a point of the curve.
    init?(of point: AffinePoint) {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.byteCount, alignment: 64)
        points = memory.bindMemory(to: AffinePoint.self)
        points.initialize(repeating: point)
        var base = point
        for window in 0..<Self.windows {
            var multiple = CurvePoint(base)
            var multiples = [multiple]
            for _ in 1..<Self.multiples {
                multiple = multiple + base
                multiples.append(multiple)
            }
            // The next window begins with twice this one's last.
            multiples.append(multiple.doubled)
            guard let affine = CurvePoint.affine(multiples), let next = affine.last else { return nil }
            for (index, point) in affine.enumerated() where index < Self.entries(of: window) {
                points[window * Self.multiples + index] = point
            }
            base = next
        }
    }

    deinit {
        points.deallocate()
    }

    static func entries(of window: Int) -> Int {
        window == windows - 1 ? last : multiples
    }

    /// digit · 2^(7·window) · P for a digit from −64 to 64 other than 0; `nil` for what the table does not have.
    @inline(__always)
    func point(_ window: Int, _ digit: Int) -> AffinePoint? {
        let magnitude = digit < 0 ? 0 &- digit : digit
        guard window >= 0, window < Self.windows, magnitude >= 1, magnitude <= Self.multiples else { return nil }
        let index = window &* Self.multiples &+ magnitude &- 1
        guard index < Self.count else { return nil }
        let point = points[index]
        return digit < 0 ? -point : point
    }
}
