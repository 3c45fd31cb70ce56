using System.Buffers.Binary;

namespace Countersign.Core.Redaction.Scanning;

/// <summary>The words that say what a value near them is; a word is looked up without copying it.</summary>
internal static class Lexicon
{
    /// <summary>How many bytes before a value a word may stand.</summary>
    public const int Reach = 64;

    public const int Topics = (int)Topic.Identifier + 1;

    private const int LongestWord = 20;
    private const int Slots = 4096;

    private static readonly (Topic Topic, string Words)[] Words =
    [
        (Topic.Card, "card cards credit debit visa mastercard amex maestro discover diners jcb pan cc ccnum ccn"),
        (Topic.Card, "creditcard cardnumber cardno paymentcard karte kreditkarte carte tarjeta"),
        (Topic.Phone, "phone phones telephone tel mobile cell cellphone fax call whatsapp sms dial desk office ring"),
        (Topic.Phone, "phonenumber mobilenumber msisdn handy telefon telefono contact answering registered messages"),
        (Topic.Social, "ssn ssns social socialsecurity socialsecuritynumber itin"),
        (Topic.Birth, "born birth birthday birthdate dob dateofbirth geboren geburtsdatum naissance nacimiento"),
        (Topic.Account, "iban bic swift account konto bankaccount"),
        (Topic.Machine, "ip ips ipv4 ipv6 mac host server client addr address gateway router subnet clientip"),
        (Topic.Version, "version versions ver release build section chapter clause oid rfc assemblyversion"),
        (Topic.Health, "nhs nhsnumber patient"),
        (Topic.PolishId, "pesel"),
        (Topic.BrazilianId, "cpf contribuinte"),
        (Topic.GermanTax, "steuer steuerid idnr steueridentifikationsnummer steuernummer tin taxid"),
        (Topic.FrenchId, "nir insee securite secu"),
        (Topic.SpanishId, "dni nie nif"),
        (Topic.ItalianId, "codice fiscale codicefiscale"),
        (Topic.IndianId, "aadhaar aadhar uidai"),
        (Topic.DutchId, "bsn burgerservicenummer sofinummer"),
        (Topic.ChineseId, "shenfenzheng residentid idcard"),
        (Topic.Secret, "secret secrets token tokens apikey credential credentials clientsecret accesstoken authtoken"),
        (Topic.Secret, "refreshtoken secretkey accesskey privatekey apitoken secretaccesskey accountkey"),
        (Topic.Secret, "sharedaccesskey"),
        (Topic.Password, "password passwd pwd passphrase passwort userpassword dbpassword pgpassword kennwort"),
        (Topic.Key, "key"),
        (Topic.Qualifier, "api access private auth encryption shared signing master account storage service app"),
        (Topic.Bearer, "bearer"),
        (Topic.Basic, "basic"),
        (Topic.Identifier, "id ids ref refs reference references order invoice seq sequence serial tracking sku code"),
    ];

    private static readonly (ulong Head, ulong Tail, Topic Topic)[] Table = MakeTable();

    /// <summary>What a word speaks of.</summary>
    public static Topic Of(ReadOnlySpan<byte> text, int at, int end)
    {
        if (end - at is < 2 or > LongestWord)
        {
            return Topic.None;
        }

        var (head, tail) = KeysOf(text[at..end]);
        for (var slot = SlotOf(head, tail); Table[slot].Topic != Topic.None; slot = (slot + 1) % Slots)
        {
            if (Table[slot].Head == head && Table[slot].Tail == tail)
            {
                return Table[slot].Topic;
            }
        }

        return Topic.None;
    }

    /// <summary>
    /// The first and the last eight bytes in lower case, with the length: no two words of the table have the same.
    /// </summary>
    private static (ulong Head, ulong Tail) KeysOf(ReadOnlySpan<byte> word)
    {
        const ulong LowerCase = 0x2020202020202020;
        if (word.Length >= 8)
        {
            return (
                BinaryPrimitives.ReadUInt64LittleEndian(word) | LowerCase,
                (BinaryPrimitives.ReadUInt64LittleEndian(word[^8..]) | LowerCase) + (ulong)word.Length);
        }

        ulong head = 0;
        foreach (var letter in word)
        {
            head = (head << 8) | letter | 0x20u;
        }

        return (head, (ulong)word.Length);
    }

    private static int SlotOf(ulong head, ulong tail) => (int)(((head ^ (tail * 31)) * 0x9E3779B97F4A7C15) >> 52);

    private static (ulong Head, ulong Tail, Topic Topic)[] MakeTable()
    {
        var table = new (ulong Head, ulong Tail, Topic Topic)[Slots];
        foreach (var (topic, words) in Words)
        {
            foreach (var word in words.Split(' '))
            {
                var (head, tail) = KeysOf(System.Text.Encoding.ASCII.GetBytes(word));
                var slot = SlotOf(head, tail);
                while (table[slot].Topic != Topic.None)
                {
                    slot = (slot + 1) % Slots;
                }

                table[slot] = (head, tail, topic);
            }
        }

        return table;
    }
}
