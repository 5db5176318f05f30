import Crypto

/// Compares every entry of a table with what swift-crypto computes, before anything is decided by the table.
///
/// For each digit d the entries of all windows that have it are added up. The sum is k · P for the number k whose digits
/// are all d, and the library knows that point's x from a Diffie–Hellman exchange of the private key k with P. A wrong
/// entry makes that sum another point. All y having the wrong sign would not show in x, so the first entry is compared
/// as it is; and each entry lies on the curve.
enum TableCheck {
    /// Whether the entries are those of a table of `point`. Takes some milliseconds.
    /// - Parameter entry: the entry of a window and a digit, `nil` where there is none.
    static func passes(of point: AffinePoint, _ entry: (_ window: Int, _ digit: Int) -> AffinePoint?) -> Bool {
        guard entry(0, 1) == point,
            let peer = try? P256.KeyAgreement.PublicKey(x963Representation: point.x963)
        else { return false }
        for digit in 1...PointTable.multiples {
            var sum = CurvePoint.infinity
            var number = Scalar.zero
            for window in (0..<PointTable.windows).reversed() {
                for _ in 0..<PointTable.width { number = number + number }
                guard digit <= PointTable.entries(of: window) else { continue }
                guard let entry = entry(window, digit), entry.isOnCurve else { return false }
                sum = sum + entry
                number = number + Scalar(reducing: Limbs(w0: UInt64(digit), w1: 0, w2: 0, w3: 0))
            }
            guard let x = sum.affine?.x.number.bigEndian, x == multiple(of: peer, by: number) else { return false }
        }
        return true
    }

    /// The x of `number` times the library's point.
    private static func multiple(of point: P256.KeyAgreement.PublicKey, by number: Scalar) -> [UInt8]? {
        guard let key = try? P256.KeyAgreement.PrivateKey(rawRepresentation: number.number.bigEndian),
            let secret = try? key.sharedSecretFromKeyAgreement(with: point)
        else { return nil }
        return secret.withUnsafeBytes { Array($0) }
    }
}

extension PointTable {
    /// The checked table of the curve's base point, made when it is first needed and shared by all keys; `nil` if it
    /// did not pass.
    static let generator = checked(.generator)

    /// The table of `point`, if it passes its check.
    static func checked(_ point: AffinePoint) -> PointTable? {
        guard let table = PointTable(of: point), TableCheck.passes(of: point, table.point) else { return nil }
        return table
    }
}

extension AffinePoint {
    /// The uncompressed form (SEC 1 section 2.3.3).
    var x963: [UInt8] { [0x04] + x.number.bigEndian + y.number.bigEndian }
}
