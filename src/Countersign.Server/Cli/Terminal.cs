namespace Countersign.Server.Cli;

/// <summary>The two streams of a terminal: data on one, messages on the other.</summary>
internal static class Terminal
{
    public static void WriteLine(string data = "") => global::System.Console.Out.WriteLine(data);

    public static Task TellAsync(string message) => global::System.Console.Error.WriteLineAsync(message);
}
