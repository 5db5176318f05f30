import OstiaryCore

@testable import OstiaryIdentity

/// Every member of an accepted key set is kept or left out, and no kept key vouches for a signature of nothing.
func fuzzKeySet(_ bytes: [UInt8]) {
    guard let set = try? KeySet(document: bytes, allowing: SignatureAlgorithm.allCases) else { return }
    let members = (try? JSONReader.read(bytes))?.object?["keys"]?.array ?? []
    demand(set.keys.count + set.dropped.count == members.count, "a key is neither kept nor left out")
    demand(!set.keys.isEmpty && set.keys.count <= KeySet.most, "a key set has \(set.keys.count) keys")
    for key in set.keys {
        demand(!key.algorithms.isEmpty, "a key is for nothing")
        for algorithm in SignatureAlgorithm.allCases {
            _ = set.match(name: key.name, algorithm: algorithm)
            for length in [0, 64, 96, 132, 256] {
                let signature = [UInt8](repeating: 0, count: length)
                demand(!key.verifies(signature, of: bytes[...], with: algorithm), "a signature of zeros is genuine")
            }
        }
    }
    for member in members { if let key = member.object { _ = JWK.thumbprint(of: key) } }
}
