using System.Collections.Frozen;
using System.Text;
using Countersign.Core.Redaction.Scanning;

namespace Countersign.Core.Redaction.Detectors;

/// <summary>Top-level domains in use: those of countries, and the generic ones that mail and pages come from.</summary>
internal static class TopDomains
{
    private const int Longest = 16;

    private const string Countries =
        "ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca "
        + "cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo "
        + "fr ga gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it "
        + "je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm "
        + "mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn "
        + "pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sj sk sl sm sn so sr ss st su sv sx sy sz tc td "
        + "tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw";

    private const string Generic =
        "com org net edu gov mil int info biz name pro aero coop museum mobi jobs travel tel asia cat post app dev "
        + "page cloud online site shop store tech website space blog xyz top club live life world today news email "
        + "agency company group global digital solutions services systems network media email studio design academy "
        + "bank finance money capital health care clinic hospital london berlin paris nyc tokyo amsterdam africa "
        + "earth energy engineering consulting software codes tools zone center host hosting support video wiki work "
        + "works eco law legal tax insurance ninja one red blue green science university school institute foundation";

    // In prose and in code these are endings of files, or words behind a dot.
    private const string AlsoOther =
        "md rs py sh pl cs ps so cc ml tf in is it me my id to no so be do im am as at by go la ms st sc al pm ai "
        + "name info app dev pro page live life world today news email group media studio design care zone center "
        + "host support video work works one red blue green law tax post cat jobs store site space shop top club "
        + "tools network services systems codes bank money capital energy science school legal post io sk si ws";

    private static readonly FrozenSet<string> Known =
        Countries.Split(' ').Concat(Generic.Split(' ')).ToFrozenSet(StringComparer.Ordinal);

    private static readonly FrozenSet<string> Ambiguous = AlsoOther.Split(' ').ToFrozenSet(StringComparer.Ordinal);

    public static bool Has(ReadOnlySpan<byte> label) => IsIn(Known, label) || label.StartsWith("xn--"u8);

    /// <summary>Whether a dotted name that ends in this is hardly anything but a domain.</summary>
    public static bool HasUnambiguous(ReadOnlySpan<byte> label) => IsIn(Known, label) && !IsIn(Ambiguous, label);

    private static bool IsIn(FrozenSet<string> names, ReadOnlySpan<byte> label)
    {
        if (label.Length is < 2 or > Longest)
        {
            return false;
        }

        Span<char> name = stackalloc char[Longest];
        for (var i = 0; i < label.Length; i++)
        {
            name[i] = (char)Bytes.Lower(label[i]);
        }

        return names.GetAlternateLookup<ReadOnlySpan<char>>().Contains(name[..label.Length]);
    }
}
