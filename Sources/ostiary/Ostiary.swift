import ArgumentParser

@main struct Ostiary: ParsableCommand { func run() {} }
