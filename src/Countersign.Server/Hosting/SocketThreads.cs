using System.Globalization;
using Countersign.Core.Actions;
using Countersign.Server.Configuration;

namespace Countersign.Server.Hosting;

/// <summary>
/// Lets whoever waits for a socket go on in the thread that saw the bytes come. Waking another one for it cost the
/// PostgreSQL gate a third of its reads per second (bench/run postgres), and reads of the HTTP gate that wait for no
/// record a twentieth. One such thread for two processors: with two of them on two, which the clients and databases
/// need as well, the PostgreSQL gate was a twentieth to a seventh slower.
/// </summary>
/// <remarks>
/// .NET can be asked for it by these variables only, which it reads when the first socket is used. Such a thread serves
/// many connections, so nothing may keep it: gates leave it when there is more to do than one small answer, the store
/// writes in a thread of its own, and the web server has threads of its own.
/// </remarks>
internal static class SocketThreads
{
    private const string Inline = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";
    private const string Count = "DOTNET_SYSTEM_NET_SOCKETS_THREAD_COUNT";

    /// <summary>Other gates gain nothing by it: their answers wait for the store.</summary>
    public static bool IsWorthIt(Settings settings) =>
        settings.Postgres is not null || settings.Targets.Any(target => target.Target.Record == RecordMode.Behind);

    /// <summary>Before the first socket; who set a variable knows better.</summary>
    public static void GoOnInline()
    {
        SetUnlessSet(Inline, "1");
        SetUnlessSet(
            Count, Math.Max(1, Environment.ProcessorCount / 2).ToString(CultureInfo.InvariantCulture));
    }

    private static void SetUnlessSet(string variable, string value)
    {
        if (Environment.GetEnvironmentVariable(variable) is null)
        {
            Environment.SetEnvironmentVariable(variable, value);
        }
    }
}
