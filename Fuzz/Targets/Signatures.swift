import Crypto

@testable import OstiaryIdentity

/// Our own check of ES256 and the library's come to the same verdict.
///
/// The input is a key, a change, and three numbers of 32 bytes. Two of them are the multiples of G and of the key whose
/// sum a signature is about; so most inputs are signatures that hold, and the change makes them such that do not, or
/// just about do. For some inputs the numbers are the signature itself.
func fuzzSignature(_ bytes: [UInt8]) {
    let input = bytes + Array(repeating: 0, count: max(0, 98 - bytes.count))
    guard let first = Limbs(bytes: input, at: 2), let second = Limbs(bytes: input, at: 34),
        let third = Limbs(bytes: input, at: 66), !keys.isEmpty
    else { return }
    let judges = keys[Int(input[0]) % keys.count]
    let raw = Judges.Numbers(r: first, s: second, digest: third)
    guard let forged = judges.forge(Scalar(reducing: first), Scalar(reducing: second)) else {
        demand(judges.own(raw) == judges.librarys(raw), "two checks differ: \(raw)")
        return
    }
    demand(judges.own(forged), "a signature that holds is refused: \(forged)")
    var numbers = forged
    switch input[1] % 10 {
    case 1: numbers.s = Scalar.order.subtracting(forged.s).difference
    case 2: numbers.r = forged.r.adding(Scalar.order).sum
    case 3: numbers.s = forged.s.adding(Scalar.order).sum
    case 4: numbers.digest = forged.digest.adding(Scalar.order).sum
    case 5: numbers.r = third
    case 6: numbers.s = third
    case 7: numbers.digest = third
    case 8: numbers = raw
    case 9: numbers.r = forged.r.adding(Limbs.power(Int(third.w0 & 0xff))).sum
    default: break
    }
    demand(judges.own(numbers) == judges.librarys(numbers), "two checks differ: \(numbers)")
}

/// Some key, and those whose multiples meet the multiples of G.
private let keys: [Judges] = {
    let n = Scalar.order
    let numbers = [
        Limbs(0x1234_5678_9abc_def1), .one, Limbs(2), Limbs(64), .power(63), n.minus(1), n.minus(2), n.halved(),
    ]
    return numbers.compactMap { AffinePoint.byLibrary($0) }.compactMap { Judges($0) }
}()
