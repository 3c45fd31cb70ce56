namespace Countersign.Tests.Postgres.Model;

/// <summary>Mistakes that a proxy of this protocol is easily designed with.</summary>
public enum ProxyBug
{
    None,

    /// <summary>After an error what follows is taken as if there had been none.</summary>
    NothingIsSkipped,

    /// <summary>A name leads to what was sent, whether or not the database took it.</summary>
    NamesFollowWhatWasSent,

    /// <summary>A portal that is bound again keeps the verdict on the one that had its name before.</summary>
    VerdictsFollowNames,

    /// <summary>What has to be asked for is bound at the database beforehand.</summary>
    HeldPortalsAreBoundAhead,

    /// <summary>What a client says behind a held statement passes while people think.</summary>
    NothingWaitsBehindAHold,

    /// <summary>A message that nobody reads passes as it is.</summary>
    FunctionCallsPass,
}
