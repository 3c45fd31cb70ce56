namespace Countersign.Client;

/// <summary>A function was not run. The message says why, and what can be done, in words for a model.</summary>
public sealed class NotApprovedException : Exception
{
    internal NotApprovedException(NotRun why)
        : base(why.Text, why.Cause) => Standing = why.Standing;

    /// <summary>Where the action stands; <c>null</c> when it could not be asked for at all.</summary>
    public Standing? Standing { get; }
}

/// <summary>Why a function was not run.</summary>
internal sealed record NotRun(string Text, Standing? Standing, Exception? Cause);
