namespace Countersign.Gates.Postgres.Wire.Login;

/// <summary>Which version of the protocol an agent gets for what it asked.</summary>
internal static class AgentProtocol
{
    public const int Major = 3;

    /// <summary>3.2 brought keys to cancel of up to 256 bytes; nothing was ever called 3.1.</summary>
    public const int Newest = 2;

    private const string OptionPrefix = "_pq_.";

    /// <summary>The minor version that is spoken from here on.</summary>
    public static int Settle(int asked) => asked >= Newest ? Newest : 0;

    /// <summary>Options of the protocol, all of which are unknown here.</summary>
    public static string[] UnknownOptions(StartupPacket.Start start) =>
        [.. start.Parameters.Keys.Where(IsOption).Order(StringComparer.Ordinal)];

    public static bool IsOption(string name) => name.StartsWith(OptionPrefix, StringComparison.Ordinal);

    /// <summary>Says what is spoken here when the agent asked for more.</summary>
    public static void WriteAnswer(WireWriter to, StartupPacket.Start start)
    {
        if (UnknownOptions(start) is var unknown && (start.Minor > Newest || unknown.Length > 0))
        {
            to.WriteNegotiateProtocolVersion(Settle(start.Minor), unknown);
        }
    }
}
