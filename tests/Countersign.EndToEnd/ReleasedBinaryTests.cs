using System.Text;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>What people run has no kill points: neither the switch nor anything that could obey it.</summary>
public sealed class ReleasedBinaryTests
{
    private static readonly string[] Names = ["KillPoints", "KillingStore", "ArmKillPoints"];

    [Fact]
    public void The_released_program_has_no_trace_of_the_kill_points()
    {
        Assert.Empty(TracesIn(Repository.Binary));
        // The same search finds all of them in the build that has them.
        Assert.Equal(Names.Length + 1, TracesIn(Repository.FaultyBinary).Count);
    }

    /// <summary>Names are UTF-8 in an assembly, and the strings of its code UTF-16.</summary>
    private static List<string> TracesIn(string program)
    {
        var traces = new HashSet<string>();
        var files = Directory.EnumerateFiles(Path.GetDirectoryName(program)!, "*.dll");
        foreach (var bytes in files.Select(File.ReadAllBytes))
        {
            traces.UnionWith(Names.Where(name => bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(name)) >= 0));
            if (bytes.AsSpan().IndexOf(Encoding.Unicode.GetBytes("COUNTERSIGN_KILL_AT")) >= 0)
            {
                traces.Add("COUNTERSIGN_KILL_AT");
            }
        }

        return [.. traces];
    }
}
