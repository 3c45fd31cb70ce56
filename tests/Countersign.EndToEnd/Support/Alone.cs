namespace Countersign.EndToEnd.Support;

/// <summary>
/// For tests that run somebody else's programs, which watch the clock: while others keep the machine busy, they find
/// faults that are none.
/// </summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
