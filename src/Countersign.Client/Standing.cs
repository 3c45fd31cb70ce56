namespace Countersign.Client;

/// <summary>Where an action stands: one case for each state of the API.</summary>
public abstract record Standing
{
    private Standing(AskedAction action) => Action = action;

    /// <summary>The action as the server shows it.</summary>
    public AskedAction Action { get; }

    /// <summary>Whether nothing more happens by itself: it ended, or it is a permit to be claimed.</summary>
    public bool IsSettled => this is not (Pending or Executing) && (this is not Approved || Action.Permit is not null);

    /// <summary>The case of an action's state.</summary>
    /// <exception cref="CountersignException">The server has a state that this version does not know.</exception>
    public static Standing Of(AskedAction action) => action.State switch
    {
        "pending" => new Pending(action),
        "approved" => new Approved(action),
        "executing" => new Executing(action),
        "succeeded" => new Succeeded(action),
        "failed" => new Failed(action),
        "unknown" => new Unknown(action),
        "denied" => new Denied(action),
        "expired" => new Expired(action),
        "withdrawn" => new Withdrawn(action),
        "superseded" => new Superseded(action),
        "refused" => new Refused(action),
        _ => throw new CountersignException(
            $"Action {action.Id} is in the state '{action.State}', which this version of the client does not know."),
    };

    /// <summary>People have to decide.</summary>
    public sealed record Pending : Standing
    {
        internal Pending(AskedAction action)
            : base(action)
        {
        }
    }

    /// <summary>It may be done: claim the permit, or wait while the server executes it.</summary>
    public sealed record Approved : Standing
    {
        internal Approved(AskedAction action)
            : base(action)
        {
        }
    }

    /// <summary>The server executes it, or somebody claimed the permit and has not reported yet.</summary>
    public sealed record Executing : Standing
    {
        internal Executing(AskedAction action)
            : base(action)
        {
        }
    }

    /// <summary>It was done.</summary>
    public sealed record Succeeded : Standing
    {
        internal Succeeded(AskedAction action)
            : base(action)
        {
        }
    }

    /// <summary>It was tried once, and failed.</summary>
    public sealed record Failed : Standing
    {
        internal Failed(AskedAction action)
            : base(action)
        {
        }
    }

    /// <summary>Nobody can say whether it took effect.</summary>
    public sealed record Unknown : Standing
    {
        internal Unknown(AskedAction action)
            : base(action)
        {
        }
    }

    /// <summary>A person denied it.</summary>
    public sealed record Denied : Standing
    {
        internal Denied(AskedAction action)
            : base(action)
        {
        }
    }

    /// <summary>Nobody decided in time, or nobody used the approval in time.</summary>
    public sealed record Expired : Standing
    {
        internal Expired(AskedAction action)
            : base(action)
        {
        }
    }

    /// <summary>It is not wanted any more.</summary>
    public sealed record Withdrawn : Standing
    {
        internal Withdrawn(AskedAction action)
            : base(action)
        {
        }
    }

    /// <summary>Another request took its place, or what was decided about it does not hold any more.</summary>
    public sealed record Superseded : Standing
    {
        internal Superseded(AskedAction action)
            : base(action)
        {
        }
    }

    /// <summary>The policy refuses it.</summary>
    public sealed record Refused : Standing
    {
        internal Refused(AskedAction action)
            : base(action)
        {
        }
    }
}
