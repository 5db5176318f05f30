/// 62 division steps as a matrix: 2⁶² · f' = u·f + v·g and 2⁶² · g' = q·f + r·g. The entries of a row, whatever their
/// signs, make at most 2⁶² together.
struct DivisionSteps {
    private var u: Int64 = 1
    private var v: Int64 = 0
    private var q: Int64 = 0
    private var r: Int64 = 1

    /// Takes the steps for numbers with these lowest words; f is odd.
    init(_ delta: inout Int, _ lowF: Int64, _ lowG: Int64) {
        var f = UInt64(bitPattern: lowF)
        var g = UInt64(bitPattern: lowG)
        var left = 62
        while true {
            // As many halvings of g at once as it has zeros; more than are left are not asked for.
            let zeros = (g | ~0 &<< UInt64(truncatingIfNeeded: left)).trailingZeroBitCount
            g = g &>> UInt64(truncatingIfNeeded: zeros)
            u = u &<< Int64(truncatingIfNeeded: zeros)
            v = v &<< Int64(truncatingIfNeeded: zeros)
            delta = delta &+ zeros
            left = left &- zeros
            if left == 0 { return }
            if delta > 0 {
                delta = 0 &- delta
                (f, g) = (g, 0 &- f)
                (u, q) = (q, 0 &- u)
                (v, r) = (r, 0 &- v)
            }
            // As long as delta is not positive again, f stays, and the multiple of f that makes the next bits of g zero
            // can be added in one go: up to six of them, as −g/f modulo 64 is g·f·(f² − 2).
            let bits = min(left, 1 &- delta, 6)
            let mask = (1 &<< UInt64(truncatingIfNeeded: bits)) &- 1
            let w = f &* g &* (f &* f &- 2) & mask
            g = g &+ f &* w
            q = q &+ u &* Int64(bitPattern: w)
            r = r &+ v &* Int64(bitPattern: w)
        }
    }

    /// The steps taken on f and g; the lowest 62 bits of the sums are zero.
    func applied(_ f: Words62, _ g: Words62) -> (Words62, Words62) {
        var first = Row(u, v)
        var second = Row(q, r)
        first.begin(f.v0, g.v0)
        second.begin(f.v0, g.v0)
        let f0 = first.next(f.v1, g.v1), g0 = second.next(f.v1, g.v1)
        let f1 = first.next(f.v2, g.v2), g1 = second.next(f.v2, g.v2)
        let f2 = first.next(f.v3, g.v3), g2 = second.next(f.v3, g.v3)
        let f3 = first.next(f.v4, g.v4), g3 = second.next(f.v4, g.v4)
        return (
            Words62(v0: f0, v1: f1, v2: f2, v3: f3, v4: first.last),
            Words62(v0: g0, v1: g1, v2: g2, v3: g3, v4: second.last)
        )
    }

    /// The steps taken on d and e modulo n: the multiple of n is added that makes the lowest 62 bits zero. From −2n to n
    /// both, before and after.
    func appliedModuloOrder(_ d: Words62, _ e: Words62) -> (Words62, Words62) {
        var first = Row(u, v)
        var second = Row(q, r)
        first.beginModuloOrder(d, e)
        second.beginModuloOrder(d, e)
        let n = Words62.order
        let d0 = first.next(d.v1, e.v1, n.v1), e0 = second.next(d.v1, e.v1, n.v1)
        let d1 = first.next(d.v2, e.v2, n.v2), e1 = second.next(d.v2, e.v2, n.v2)
        let d2 = first.next(d.v3, e.v3, n.v3), e2 = second.next(d.v3, e.v3, n.v3)
        let d3 = first.next(d.v4, e.v4, n.v4), e3 = second.next(d.v4, e.v4, n.v4)
        return (
            Words62(v0: d0, v1: d1, v2: d2, v3: d3, v4: first.last),
            Words62(v0: e0, v1: e1, v2: e2, v3: e3, v4: second.last)
        )
    }

    /// One row of the matrix on its way through the words of two numbers.
    private struct Row {
        let left: Int64
        let right: Int64
        var multiple: Int64 = 0
        var sum: Int128 = 0

        init(_ left: Int64, _ right: Int64) {
            self.left = left
            self.right = right
        }

        @inline(__always)
        mutating func begin(_ x: Int64, _ y: Int64) {
            sum = (Int128(wide: left) &* Int128(wide: x) &+ Int128(wide: right) &* Int128(wide: y)) &>> 62
        }

        @inline(__always)
        mutating func beginModuloOrder(_ x: Words62, _ y: Words62) {
            // One n for each negative number, so that the result stays in its bounds.
            multiple = (left & x.v4 &>> 63) &+ (right & y.v4 &>> 63)
            sum = Int128(wide: left) &* Int128(wide: x.v0) &+ Int128(wide: right) &* Int128(wide: y.v0)
            let low = sum.word
            multiple = multiple &- ((Words62.orderInverse &* low &+ multiple) & Words62.mask)
            sum = (sum &+ Int128(wide: Words62.order.v0) &* Int128(wide: multiple)) &>> 62
        }

        @inline(__always)
        mutating func next(_ x: Int64, _ y: Int64, _ n: Int64 = 0) -> Int64 {
            sum = sum &+ Int128(wide: left) &* Int128(wide: x) &+ Int128(wide: right) &* Int128(wide: y)
            sum = sum &+ Int128(wide: n) &* Int128(wide: multiple)
            let word = sum.word & Words62.mask
            sum = sum &>> 62
            return word
        }

        var last: Int64 { sum.word }
    }
}
