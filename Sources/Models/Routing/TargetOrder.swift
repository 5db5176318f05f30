import OstiaryCore

/// In which order those who may answer for a model are asked.
struct TargetOrder {
    let choice: ModelRules.Choice
    /// The lot: a number below its argument, which is at least 1.
    let draw: (Int) -> Int
    /// What a provider would let wait, in seconds.
    let load: (String) -> Double
    /// Whether a provider is left alone at the moment.
    let isAvoided: (String) -> Bool

    /// The positions of `targets`, who is asked first first. Providers that are left alone come last, but do come: one
    /// of them may be back.
    func positions(_ targets: [ModelRules.Target]) -> [Int] {
        var order = Array(targets.indices)
        let first: Int? =
            switch choice {
            case .order: nil
            case .weight: byWeight(targets)
            case .latency: byLatency(targets)
            }
        if let first, let index = order.firstIndex(of: first) {
            order.remove(at: index)
            order.insert(first, at: 0)
        }
        return order.filter { !isAvoided(targets[$0].provider) } + order.filter { isAvoided(targets[$0].provider) }
    }

    private func byWeight(_ targets: [ModelRules.Target]) -> Int? {
        let usable = targets.indices.filter { targets[$0].weight > 0 && !isAvoided(targets[$0].provider) }
        let total = usable.reduce(0) { $0 + min(targets[$1].weight, 1000) }
        guard total > 0 else { return nil }
        var lot = draw(total)
        for index in usable {
            lot -= min(targets[index].weight, 1000)
            if lot < 0 { return index }
        }
        return usable.last
    }

    /// Two choices (Mitzenmacher): nearly as good as looking at all, and those who look do not all run to one.
    private func byLatency(_ targets: [ModelRules.Target]) -> Int? {
        let usable = targets.indices.filter { !isAvoided(targets[$0].provider) }
        guard let only = usable.first else { return nil }
        guard usable.count > 1 else { return only }
        let one = draw(usable.count)
        var other = draw(usable.count - 1)
        if other >= one { other += 1 }
        let pair = (usable[one], usable[other])
        return load(targets[pair.0].provider) <= load(targets[pair.1].provider) ? pair.0 : pair.1
    }
}
