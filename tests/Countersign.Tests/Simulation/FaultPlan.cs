namespace Countersign.Tests.Simulation;

/// <summary>What goes wrong in one run, and how often; drawn from the seed, so that runs differ in kind.</summary>
internal sealed record FaultPlan
{
    /// <summary>Of a hundred commits, how many the store refuses.</summary>
    public int Refused { get; init; }

    /// <summary>Of a hundred commits, how many are written and never acknowledged.</summary>
    public int Unacknowledged { get; init; }

    /// <summary>Of a hundred reads, how many fail.</summary>
    public int Unreadable { get; init; }

    /// <summary>Of a hundred calls to the target, how many hang until their time is over.</summary>
    public int Hanging { get; init; }

    /// <summary>Longest time a store call takes when it is slow, and of a hundred how many are.</summary>
    public TimeSpan Slowness { get; init; }

    public int Slow { get; init; }

    /// <summary>How many times a node dies.</summary>
    public int Crashes { get; init; }

    /// <summary>How many times the store is away altogether.</summary>
    public int Outages { get; init; }

    /// <summary>How many times the clock jumps ahead.</summary>
    public int Jumps { get; init; }

    /// <summary>How many times somebody stops an agent.</summary>
    public int Stops { get; init; }

    public static FaultPlan Draw(Random random) => new()
    {
        Refused = Sometimes(random, 8),
        Unacknowledged = Sometimes(random, 8),
        Unreadable = Sometimes(random, 5),
        Hanging = Sometimes(random, 10),
        Slow = Sometimes(random, 20),
        Slowness = TimeSpan.FromSeconds(random.Next(1, 30)),
        Crashes = Sometimes(random, 4),
        Outages = Sometimes(random, 3),
        Jumps = Sometimes(random, 3),
        Stops = Sometimes(random, 4),
    };

    /// <summary>Every other run is without a fault of a kind, so that others show what they do alone.</summary>
    private static int Sometimes(Random random, int most) => random.Next(2) == 0 ? 0 : random.Next(1, most + 1);
}
