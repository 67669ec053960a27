"""The two keys of a published worked example: throw-away keys, used nowhere else and for nothing else.

Their signatures were published with them, so that a test can compare bytes with somebody else's work.
"""

from __future__ import annotations

APPLICATION_KEY = (
    "MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQCy9ACXuIIjA74EeTM2PfjSs7zJmzSoLle+0Vpjrt0EOSzpUY6Q"
    "CqMhMehLPgv7XreZfPKNjhx7H2jM/LZV43Pk6AleHhMTqAIVr3KiJtr4+fzH9kq3kpRS0KfhnkxRYuK8ECBKm1GiiK7EDzlMBFtT"
    "0Shwbrh9N7vAz5WVlaWreQoe+51YVmjl4ngF7aSA7rFuxVV9UMvNbk26oXGAHHmyzAGlXy7koxhH/kvPJwGhoD2GIjWt+9xWbrN4"
    "NSKKJJZ09usk6IgDJ61+NCdnvK9nMbLzqXZasU0cekZ/L36sEANxtb6d38FTY6QOUqF+xvJ+Lraa2KINMAezOo438/e/AgMBAAEC"
    "ggEAAMwttWSVHOQpcMNUjVz/rcFgHJWOCk1CnMUJAKAw4BHhriz4HMDuZIoARB9MUI3P5ussE7pWy086oMBJXAo/NQnIy9ZWX1L0"
    "fRmKIA84Q5+JVySo3aEIwzMeQMYNuNewuNP6RrucObqIHluqsCtzS+UkRzjrTEsT029ytYiuxHPWrkMg/3E63zlZ1W3lT0qCDrpx"
    "I3O1z3jMZaRf+L9p8LgvJQegrx5ZyKxAfBI+WmBeV4bz8xwlhytXQz+PIFCaIyKatA6yA1gwgaoPowfA2R/eWzaurnuXccAiYFNw"
    "epPlfBY/HKJCfqYV2M5UnwODLXWD4KdJdMdrS5OvA2E/IQKBgQDa5Qg2m+mtquTrydZG04m0JHO6fDruo6////M4poGz+wf8OXG2"
    "a9FJkzg3QXBhyy0oATXJL6earBT74W+SWgQ5c7anBgWRgSp7azNyAwUJVLadpM73M5RQ0Nw0DLdvI6AUk3/RPq8lhHFDmid4/nV3"
    "ihlZrWi6mTK0pzlMVqdbXwKBgQDRSbOcTsDi6kM/1bWvB+xwvoB7gfzwbEQL6Rs/YfVE4p+CXFBM05A0r74VX0VKs3ki5A0Uw9v1"
    "eNvchp0V7j9cPvuaVEaE4tiWLeI3PUtl4cYKONiTsSr2xTHCD/OhZ1RYeQ31XVp3BykqnVKYWs5xffZZz/UNVBijQMkAsT0foQKB"
    "gQCgWdE3d+WqBBuoovXmcoZYwa9JeEIPmTeP+GarJEa1mvqRiV9EvBzXohI3YCe8bANLX/+Pvuovw0mn7tA1zN11XM/78MxZd96w"
    "BKruJUomOLmCKD45Fr7aqPX25y3lK5rUF+01Uo8pk6kJVb7+wqE4jaDeccrbjuh3MF0oD/6PTwKBgFV44RaL/zBs9ewDDoEeHkzp"
    "MDXAn5lczemDWPJowi9Q0k39/3lwyasKvvmhf/4DEAzU0BbT6mf05O3KOCs1ssCspDqiAm7Q6h1jPcjLiphgPW39S03+BArl++1C"
    "cIBRX9wGDFJRvtlvnjteJtY796XYCJ0jVfQMjUdW9QAIYmshAoGBAKl6cPPe1UspLkY1FXPsodkSo+6RKmZMJ/YOQFYFPR8FmAiD"
    "/QuoUkr/eAzyIxlKUmrPj2FVUsjqn5X7M2jpFtNRpJwEnMTA/tu1tmuJ6VQVpDOxZ0Q3em/tdFWjp074PS+6eC+sgIV7ykCfyg93"
    "FuSNevxntx/sb8TEWVsjbw9p"
)
"""PKCS#8 as bare base64; it signs the requests of the example."""

ALIPAY_KEY = (
    "MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQCrVzG9LCXJ2UOKQARU/eYkN72qEF/yLMXXiJLlwmx3GWVkEjRt"
    "T8coQEay/mdq65FaKB4GArAsHx++610nOFeZnjuh/n+X6PHGBBogMogFNPrVCtMy+HLwNxvqO+xahnj3ih7nz8pQrv+5TSpMe62t"
    "vsSRs92VdmZhoZ6470g1jvz7rRfPngG2cAOQcZA5O6j/P/Umm8E0wJ4+eDhw82rjCqpPVYzteImZYkQmPgj17oF7EKMAm4R4irky"
    "Lnq+nJrxhC/hxfotEV3K1B/QKL580fFjy06ljJlgMWeLpB6XVMnt4llCUM67KM5x9BAcoQXHSrefNFOi5W22J9p59OvBAgMBAAEC"
    "ggEABe9JO8IxtOIfosRA4ijBNfPwT9mtWRgP6j1CyU6Irz9j8alnw3mF7nD7geup7VwndrX5BEBHld+mG9jPKzKaZinC6wODq+FX"
    "roIp3X+iknuZTJPJaPSOFp/yCZT1xNTvj7NrCqB5432MQgDYPDn0dBYtfNZ8EFc/iJYuhz1ShPhWbHAf924EQ1xOSt1lz6qnZA2u"
    "FFsPixW4cRBCXib0E9Z9EJ+5kKTV7fTJ3zr7ygVIQcj1vkdxFdoSyzW4XhhniCBtF3LjBtHvMXoqaX53s7qK9IEQNxpblqn6oxrh"
    "NbvtUSOHD/yJnm+ULcPZhpWNs921MKkC366+De+74QI3oQKBgQDT9gbYlQETGalbNn9Lm6Pd4ZWxnrbAQ3FI7vFJwVkZV90ogfIL"
    "YTKWOsoV3IgMx3ioOSjKt65suDJy1AYtKUwTmV+kBeS7QLuavh+8zQpOJQPGvTMgIZJ++hbEbGsv/yXTcd8mAxAzjXP3v7PM9kvj"
    "nO+W8yROEEzWO2wzTPd6ZQKBgQDO8JyAsFo0JvlyFlDsTiWLqAhNrTUV5wSA+qQXsJThIVSmqspV+Z7AwcF52GNRjUvdbCwDrSmc"
    "riuLBBrRU13g0/mN5yjq02qC1YRbYcA/09ShZdv9xyBeZmDcvZ0KflerQX/oMYn0YwbeqiDD4+YhVCY6y2Q0aK/aZDOqs2hILQKB"
    "gQCwMMl+DVYoV2N0w7dK1SSA0vzI+eJ1rVokwyJlKchzjZr0Chh2JySSxmmnhHq/DKyaQXFMGSVvkCm3U9GShsqLXCmpQZDhqqyH"
    "s9TT7yjKzm/2Kt2trtqEnESCoJD1A8Wgnv5cLZ2xDLtCTOMb0/w/RvvN4WzjSx9j0V9ewXLSFQKBgFEEjqEragVlBOAPsJrzdWuZ"
    "27Zdi50Jlw/QERJdRcxmOjgOQa0rT2Xz9YV4nFm/UeZchVbjIpl+7vk8ICu30ddF5jwSNkjJgLe8VFdai+PxURvnPxu6LAgJWP7T"
    "FXqYQEaCHEuRqYsOghAG11EaFm0R/u2h15dVLRP5iujX2In5AoGBALbU5Nze+37kwuOzCfWjpSSmQfaQPOIgDbZHWlTnNILtyg+a"
    "Jxo4pds5dzv5dbBURskjCJbSwzpu8uIV3wwwRWc5xnngUwX0jXB8g5rPkz3+q2cwgrgzC/X9WEljictAerVqZVKDo9/Wp3nheySK"
    "qp3+hhZEargAlPtbwsWpOqah"
)
"""PKCS#8 as bare base64; it plays Alipay and signs answers and notifications."""
