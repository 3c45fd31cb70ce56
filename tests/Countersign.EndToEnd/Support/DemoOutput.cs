namespace Countersign.EndToEnd.Support;

/// <summary>What a test needs to read from what the demo prints.</summary>
internal static class DemoOutput
{
    public static async Task<string> FindLineAsync(
        RunningProgram demo, string part, CancellationToken cancellationToken)
    {
        while (await demo.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.Contains(part, StringComparison.Ordinal))
            {
                return line;
            }
        }

        throw new InvalidOperationException($"The demo ended without '{part}': {demo.Output}{demo.Errors}");
    }

    /// <summary>The demo leaves its folder to the user; a test does not.</summary>
    public static void RemoveFolder(string output)
    {
        const string before = "Everything is in ";
        var line = output.Split('\n').Single(text => text.StartsWith(before, StringComparison.Ordinal));
        Directory.Delete(line[before.Length..line.IndexOf(';', StringComparison.Ordinal)], recursive: true);
    }
}
