namespace Countersign.Server.Cli;

/// <summary>How commands end (DESIGN section 6.2).</summary>
internal static class ExitCode
{
    public const int Succeeded = 0;
    public const int Failed = 1;
    public const int Usage = 2;
    public const int Denied = 10;
    public const int Expired = 11;
    public const int Unknown = 12;
    public const int Unavailable = 13;
    public const int Pending = 14;

    /// <summary>The code for an action in a state of the API's spelling.</summary>
    public static int ForState(string state) => state switch
    {
        "succeeded" or "approved" => Succeeded,
        "failed" => Failed,
        "denied" or "refused" or "withdrawn" or "superseded" => Denied,
        "expired" => Expired,
        "unknown" => Unknown,
        _ => Pending,
    };
}
