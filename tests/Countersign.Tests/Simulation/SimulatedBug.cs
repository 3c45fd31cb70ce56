namespace Countersign.Tests.Simulation;

/// <summary>Mistakes that the simulation must notice when they are made on purpose.</summary>
public enum SimulatedBug
{
    None,

    /// <summary>The store overwrites what changed since it was read.</summary>
    NoCompareAndSet,

    /// <summary>The store forgets that somebody intended to execute.</summary>
    NoIntents,

    /// <summary>The store lets a stopped agent's claims through.</summary>
    NoStopCheck,

    /// <summary>Nobody looks after what was left behind.</summary>
    NoSweep,
}
