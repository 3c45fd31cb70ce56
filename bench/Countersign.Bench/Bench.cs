using System.Diagnostics;

namespace Countersign.Bench;

/// <summary>Where things are: the checkout, the built product, the packages to compare with.</summary>
internal sealed record Bench(string Root)
{
    public string Product => Path.Combine(Root, "artifacts", "countersign", "countersign");

    public string Node(string path) => Path.Combine(Root, "bench", "node", path);

    /// <summary>This program again, in another role.</summary>
    public static IReadOnlyList<string> Self(string role) => [Environment.ProcessPath!, .. OwnDll, role];

    private static string[] OwnDll =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [typeof(Bench).Assembly.Location] : [];

    /// <summary>Starts a program; whoever measures ends it, and reads what it says.</summary>
    public static Process Start(IReadOnlyList<string> command, IReadOnlyDictionary<string, string>? variables = null)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in variables ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }
}

/// <summary>One line of the table.</summary>
/// <param name="What">What was measured.</param>
/// <param name="Figure">The product's figure.</param>
/// <param name="Beside">What it is compared with, and its figure in the same run.</param>
/// <param name="Ratio">The product's figure over the other, or the other over it where less is better.</param>
/// <param name="Budget">What the design asks for.</param>
/// <param name="IsMet">Whether it is met; <c>null</c> where no budget is set.</param>
internal sealed record Row(string What, string Figure, string Beside, string Ratio, string Budget, bool? IsMet);
