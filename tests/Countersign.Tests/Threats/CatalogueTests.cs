using System.Text.RegularExpressions;

namespace Countersign.Tests.Threats;

/// <summary>
/// The attacks on identity, separation of duties and binding that have numbers, THR-001 to THR-033, and those on what
/// is masked and on what leaves by webhook and mail. Tests name the one they are about, and its weakness by CWE, as
/// traits: <c>./test unit -trait "Threat=THR-007"</c>.
/// </summary>
public sealed partial class CatalogueTests
{
    private static readonly Dictionary<int, int> s_weaknesses = new()
    {
        [1] = 285, [2] = 863, [3] = 863, [4] = 441, [5] = 863, [6] = 754, [7] = 178, [8] = 287, [9] = 290, [10] = 269,
        [11] = 367, [12] = 613, [13] = 863, [14] = 840, [15] = 863, [16] = 269, [17] = 798, [18] = 269, [19] = 778,
        [20] = 639, [21] = 367, [22] = 367, [23] = 294, [24] = 294, [25] = 362, [26] = 613, [27] = 284, [28] = 863,
        [29] = 362, [30] = 352, [31] = 352, [32] = 324, [33] = 863,
        [92] = 384, [48] = 451, [97] = 532, [98] = 200,
        [40] = 451, [72] = 918, [93] = 639, [96] = 345,
    };

    [Fact]
    public void Every_threat_of_the_catalogue_has_a_test()
    {
        var tested = Traits().Select(trait => trait.Threat).ToHashSet();

        Assert.Empty(s_weaknesses.Keys.Except(tested));
    }

    [Fact]
    public void Every_threat_stands_beside_its_weakness() => Assert.All(
        Traits(), trait => Assert.Equal(s_weaknesses.GetValueOrDefault(trait.Threat), trait.Weakness));

    private static IEnumerable<(int Threat, int Weakness)> Traits() =>
        from file in Directory.EnumerateFiles(
            RepositoryRoot.Combine("tests"), "*Tests*.cs", SearchOption.AllDirectories)
        from Match match in Trait().Matches(File.ReadAllText(file))
        select (int.Parse(match.Groups[1].Value), int.Parse(match.Groups[2].Value));

    [GeneratedRegex("""\[Trait\("Threat", "THR-(\d{3})"\), Trait\("CWE", "(\d+)"\)\]""")]
    private static partial Regex Trait();
}
