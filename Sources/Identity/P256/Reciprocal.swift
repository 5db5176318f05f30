/// Inverses modulo n by division steps (D. J. Bernstein, B.-Y. Yang, "Fast constant-time gcd computation and modular
/// inversion", 2019), taken only as far as the number needs.
///
/// f and g begin as n and x and shrink, 62 steps at a time, until g is 0 and f is 1 or −1. Which steps are to be taken
/// follows from the lowest 62 bits of both; so they are found on single words, as a matrix, and then applied to the
/// whole numbers. d and e go along with f and g, so that always d · x ≡ f and e · x ≡ g modulo n: at the end d is the
/// inverse or its negative.
enum Reciprocal {
    /// The inverse of `number`, which is from 1 to n − 1; what it gives for others has no meaning.
    static func inverse(of number: Limbs) -> Limbs {
        var delta = 1
        var d = Words62.zero
        var e = Words62.one
        var f = Words62.order
        var g = Words62(number)
        // 741 steps are enough for any two numbers of 256 bits (theorem 11.2): 12 times 62 are 744.
        for _ in 0..<12 where !g.isZero {
            let steps = DivisionSteps(&delta, f.v0, g.v0)
            (d, e) = steps.appliedModuloOrder(d, e)
            (f, g) = steps.applied(f, g)
        }
        return d.reduced(negated: f.isNegative)
    }
}
