using System.Text.RegularExpressions;

namespace Countersign.Tests.Threats;

/// <summary>
/// The attacks that have numbers: on identity, separation of duties and binding (THR-001 to THR-033), on what people
/// are shown (THR-034 to THR-048), on the console and the API (THR-090 to THR-096), and on what is masked. Tests name
/// the one they are about, and its weakness by CWE, as traits: <c>./test unit -trait "Threat=THR-007"</c>.
/// </summary>
public sealed partial class CatalogueTests
{
    private static readonly Dictionary<int, int[]> s_weaknesses = new()
    {
        [1] = [285], [2] = [863], [3] = [863], [4] = [441], [5] = [863], [6] = [754], [7] = [178], [8] = [287],
        [9] = [290], [10] = [269], [11] = [367], [12] = [613], [13] = [863], [14] = [840], [15] = [863], [16] = [269],
        [17] = [798], [18] = [269], [19] = [778], [20] = [639], [21] = [367], [22] = [367], [23] = [294],
        [24] = [294], [25] = [362], [26] = [613], [27] = [284], [28] = [863], [29] = [362], [30] = [352],
        [31] = [352], [32] = [324], [33] = [863], [34] = [451], [35] = [1007], [36] = [1007], [37] = [451],
        [38] = [451], [39] = [79], [40] = [451], [41] = [150], [42] = [79], [43] = [451], [44] = [451], [45] = [116],
        [46] = [451], [47] = [451], [48] = [451], [72] = [918], [90] = [352], [91] = [79, 1236], [92] = [384],
        [93] = [639], [94] = [915], [95] = [601, 347], [96] = [345], [97] = [532], [98] = [200],
    };

    /// <summary>A number that is left out here would need no test.</summary>
    [Fact]
    public void The_catalogue_has_no_gap_in_its_three_ranges() => Assert.Empty(
        Enumerable.Range(1, 48).Concat(Enumerable.Range(90, 7)).Except(s_weaknesses.Keys));

    [Fact]
    public void Every_threat_of_the_catalogue_has_a_test()
    {
        var tested = Traits().Select(trait => trait.Threat).ToHashSet();

        Assert.Empty(s_weaknesses.Keys.Except(tested));
    }

    [Fact]
    public void Every_threat_stands_beside_its_weakness() => Assert.All(
        Traits(), trait => Assert.Contains(trait.Weakness, s_weaknesses.GetValueOrDefault(trait.Threat, [])));

    private static IEnumerable<(int Threat, int Weakness)> Traits() =>
        from file in Directory.EnumerateFiles(
            RepositoryRoot.Combine("tests"), "*Tests*.cs", SearchOption.AllDirectories)
        from Match match in Trait().Matches(File.ReadAllText(file))
        select (int.Parse(match.Groups[1].Value), int.Parse(match.Groups[2].Value));

    [GeneratedRegex("""\[Trait\("Threat", "THR-(\d{3})"\), Trait\("CWE", "(\d+)"\)\]""")]
    private static partial Regex Trait();
}
