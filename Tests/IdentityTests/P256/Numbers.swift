@testable import OstiaryIdentity

/// Numbers that are the same in each run.
struct Series: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) {
        state = seed
    }

    // SplitMix64 (Steele, Lea, Flood, 2014).
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
        return word ^ word >> 31
    }

    mutating func limbs() -> Limbs {
        Limbs(w0: next(), w1: next(), w2: next(), w3: next())
    }

    mutating func scalar() -> Scalar {
        Scalar(reducing: limbs())
    }
}

extension Limbs {
    static let largest = Limbs(w0: .max, w1: .max, w2: .max, w3: .max)

    init(_ small: UInt64) {
        self.init(w0: small, w1: 0, w2: 0, w3: 0)
    }

    init?(bytes: [UInt8], at offset: Int = 0) {
        self.init(bigEndian: bytes.span, at: offset)
    }

    func plus(_ small: UInt64) -> Limbs { adding(Limbs(small)).sum }
    func minus(_ small: UInt64) -> Limbs { subtracting(Limbs(small)).difference }

    /// 2 to this power, which is below 256.
    static func power(_ exponent: Int) -> Limbs {
        var words: [UInt64] = [0, 0, 0, 0]
        words[exponent / 64] = 1 << UInt64(exponent % 64)
        return Limbs(w0: words[0], w1: words[1], w2: words[2], w3: words[3])
    }

    func bit(_ index: Int) -> Bool {
        [w0, w1, w2, w3][index / 64] >> UInt64(index % 64) & 1 == 1
    }

    /// The product modulo `modulus` as one would work it out on paper: nothing of the arithmetic under test but sums.
    func times(_ other: Limbs, modulo modulus: Limbs) -> Limbs {
        func sum(_ left: Limbs, _ right: Limbs) -> Limbs {
            let (sum, carry) = left.adding(right)
            let (difference, borrow) = sum.subtracting(modulus)
            return borrow > carry ? sum : difference
        }
        var product = Limbs.zero
        for index in (0..<256).reversed() {
            product = sum(product, product)
            if other.bit(index) { product = sum(product, self) }
        }
        return product
    }

    /// Numbers around those where words carry, p, n and their halves end.
    static let edges: [Limbs] = {
        var edges: [Limbs] = [.zero, .largest]
        let around = [Scalar.order, FieldElement.modulus, Scalar.order.halved(), FieldElement.modulus.halved()]
        for centre in around + [1, 7, 32, 63, 64, 96, 127, 128, 192, 224, 255].map(Limbs.power) {
            edges += [centre.minus(2), centre.minus(1), centre, centre.plus(1), centre.plus(2)]
        }
        edges.append(FieldElement.modulus.subtracting(Scalar.order).difference)
        edges.append(FieldElement.modulus.subtracting(Scalar.order).difference.minus(1))
        edges.append(Limbs(w0: .max, w1: 0, w2: .max, w3: 0))
        edges.append(Limbs(w0: 0, w1: .max, w2: 0, w3: .max))
        return edges
    }()
}
